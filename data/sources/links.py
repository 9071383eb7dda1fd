"""The table `[links]` of a declaration: in which sources the facts lie that a fact names as its own event."""

from data.sources.batch import SourceError
from data.sources.declared import Section
from data.sources.mapping import FieldMap

Links = dict[str, tuple[str, ...]]
LINKING = {"order": ("linked_case", "repeat_of")}


def read_links(section: Section, kind: str, name: str, fields: tuple[FieldMap, ...]) -> Links:
    """Field -> sources its numbers belong to, for every mapped field that names another fact.

    Without a word on it a case may lie in any source (no names), a repeated order in the same one.
    Raises SourceError.
    """
    if section.values and kind not in LINKING:
        raise SourceError(
            f"{section.where}: got {min(section.values)!r}; expected none: a {kind} names no other fact"
        )
    mapped = [entry.name for entry in fields if entry.name in LINKING.get(kind, ())]
    links: Links = {}
    for field in LINKING.get(kind, ()):
        named = section.texts(field)
        if named and field not in mapped:
            raise SourceError(f"{section.at(field)}: got {named[0]!r}; expected {field} among the fields")
        if field in mapped:
            links[field] = named or ((name,) if field == "repeat_of" else ())
    section.finish()
    return links
