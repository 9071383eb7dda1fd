"""Every component id of the program, one class a page.

Invariants: an id is written here once and nowhere else, and is unique over all pages, because the shell and one
page stand in the same document. Repeated parts (one a row, one a card) have dictionary ids made by a function
here, so that a pattern and its members cannot drift apart. Absent on purpose: names by position.
"""

from __future__ import annotations


class Shell:
    """The frame around every page: address, top bar, live tick."""

    URL = "shell-url"  # dcc.Location: the only state of the browser
    KIND = "shell-kind"  # html.Data: which page the path names; the router listens to it
    TICK = "shell-tick"  # html.Data: last published generation, set by live.js
    FRAME = "shell-frame"  # everything the router draws: top bar and page
    CRUMB = "shell-crumb"
    CONTROLS = "shell-controls"  # the page's own selectors in the top bar
    FRESHNESS = "shell-freshness"
    SEARCH = "shell-search"
    SEARCH_HITS = "shell-search-hits"
    HELP = "shell-help"


class Map:
    """The map page."""

    ASKED = "map-asked"  # html.Data: address and tick, set by nav.js; only there while a map is drawn
    DRAWN = "map-drawn"  # html.Data: what the drawn figure shows, so that the server knows whether to patch
    GRAPH = "map-graph"
    OVERLAY = "map-overlay"  # level control, legend, chip: drawn above the map
    SIDE = "map-side"
    RANKING = "map-ranking"
    SORT = "map-sort"  # html.Data: the chosen order of the ranking, "value" or "-value"


class Kpi:
    """The indicator page."""

    BODY = "kpi-body"

    @staticmethod
    def metric(indicator: str) -> str:
        """The card behind an indicator's card; buttons name it as what they open."""
        return f"metric-{indicator}"


class Analyst:
    """The analyst page."""

    BODY = "analyst-body"


class Sources:
    """The sources page."""

    BODY = "sources-body"
    ASKED = "sources-asked"  # what became of "run now"

    @staticmethod
    def run(source: str) -> dict[str, str]:
        """The button that runs a source now; ALL in place of its name is the pattern."""
        return {"type": "sources-run", "source": source}


class Unplaced:
    """The queue of unplaced facts."""

    BODY = "unplaced-body"
    DECIDED = "unplaced-decided"  # html.Data: the last decision, set by unplaced.js
    SAID = "unplaced-said"  # what became of it


class Glossary:
    """The glossary page."""

    BODY = "glossary-body"


class Releases:
    """The page of releases."""

    BEHIND = "releases-behind"  # the facts behind a difference, where a link leads to
