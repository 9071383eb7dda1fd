"""The search box: what was typed becomes links to units of every tree and to single facts."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from dash.development.base_component import Component
from pandas import concat

from data.query import tree_part
from data.reader import Reader
from data.trees import trees_of
from layouts import shell
from layouts.words import Words

HITS = 12


def search_hits(reader: Reader, text: str, words: Words) -> Component | None:
    """Links to what the search found: units on the map, on the analyst page facts, which every tree has alike."""
    found, links = [], []
    for tree in trees_of(reader):
        hits = reader.in_tree(tree.name).search(text, limit=HITS)
        if tree.name != reader.tree:
            hits = hits[hits["kind"] == "unit"]
        titles = {level.name: level.title(words.locale) for level in tree.levels}
        found.append(hits.assign(detail=[titles.get(detail, detail) for detail in hits["detail"]]))
        links += [_address(row, tree.name) for row in hits.to_dict("records")]
    rows = concat(found, ignore_index=True) if found else reader.search("", limit=0)
    return shell.hits(rows, links, words)


def _address(row: Mapping, tree: str) -> str:
    code, asked = quote(row["code"], safe=""), urlencode(tree_part(tree))
    if row["kind"] == "unit":
        return f"/map/-/{code}" + (f"?{asked}" if asked else "")
    return f"/analyst?subject={row['kind']}s&id={code}" + (f"&{asked}" if asked else "")
