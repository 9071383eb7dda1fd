"""Inert parts of a page as one piece of markup.

Every Dash component is a subscriber of the renderer's store; a page of 1,200 of them takes seconds to stand, since
each is asked at each change. What no callback addresses is therefore built from the same components and then
written out: `plain` answers one component that holds the markup. Links, forms, menus and popovers go on working,
for the scripts in assets/ listen on the document.

Invariants: every text and attribute is escaped here and nowhere else; only elements, no script, no handler, and no
address but those of this host leave this module. `Line`, the one drawing, is made of numbers.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import ClassVar

from dash.development.base_component import Component

VOID = frozenset({"br", "hr", "input"})
ELEMENTS = VOID | {
    "a", "article", "aside", "b", "button", "caption", "code", "dd", "details", "div", "dl", "dt", "em",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "header", "i", "kbd", "label",
    "legend", "li", "main", "nav", "ol", "option", "p", "pre", "s", "section", "select", "small", "span",
    "strong", "summary", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "time", "tr", "u", "ul",
}  # fmt: skip
NAMES = {
    "className": "class", "tabIndex": "tabindex", "colSpan": "colspan", "rowSpan": "rowspan", "hrefLang": "hreflang",
    "autoComplete": "autocomplete", "htmlFor": "for", "maxLength": "maxlength",
    "formNoValidate": "formnovalidate", "inputMode": "inputmode",
}  # fmt: skip
LEFT_OUT = {
    "children", "key", "n_clicks", "n_clicks_timestamp", "disable_n_clicks", "debounce", "persistence",
    "persisted_props", "persistence_type", "n_submit", "n_blur",
}  # fmt: skip
SILENT = {("class", ""), ("title", ""), ("colspan", 1)}  # what an element has that says nothing
ATTRIBUTE = re.compile(r"[a-z][a-z0-9-]*\Z")
LOCAL = re.compile(r"/(?![/\\])|#|\?")
UPPER = re.compile(r"([A-Z])")
PATH = re.compile(r"[ML0-9. -]*")


class Markup(Component):
    """One component that holds markup; assets/plain.js draws it and keeps focus and scroll when it changes."""

    _children_props: ClassVar[list[str]] = []
    _base_nodes: ClassVar[list[str]] = ["children"]
    _namespace = "linli_plain"
    _type = "Markup"
    _prop_names: ClassVar[list[str]] = ["markup"]
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_properties: ClassVar[list[str]] = ["markup"]
    available_wildcard_properties: ClassVar[list[str]] = []

    def __init__(self, markup: str):
        super().__init__(markup=markup)


class Line(Component):
    """A line in a box of 1000 by 100 that is stretched to its place; class and style sheet give it colour and width.

    path  moves and lines in those units: "M0 50.0L500 12.5"
    """

    _namespace, _type = "linli_plain", "Line"
    _prop_names: ClassVar[list[str]] = ["path", "className"]
    _valid_wildcard_attributes: ClassVar[list[str]] = []
    available_properties: ClassVar[list[str]] = ["path", "className"]
    available_wildcard_properties: ClassVar[list[str]] = []

    def __init__(self, path: str, className: str = ""):  # noqa: N803  # the name components have in Dash
        super().__init__(path=path, className=className)

    def drawn(self) -> str:
        """The element. Raises ValueError for a path of anything but moves and lines."""
        if not PATH.fullmatch(self.path):
            raise ValueError(f"plain: path: got '{self.path[:60]}'; expected M, L and numbers")
        return (
            f'<svg class="{escape(self.className)}" viewBox="0 0 1000 100" preserveAspectRatio="none">'
            f'<path d="{self.path}" vector-effect="non-scaling-stroke"/></svg>'
        )


def plain(tree: Component | str | Sequence | None) -> Markup:
    """The components of `tree` as one. Raises ValueError for a component that is more than an element."""
    return Markup(written(tree))


def written(tree: object) -> str:
    """Markup of a component, a text or a list of them."""
    if tree is None:
        return ""
    if isinstance(tree, list | tuple):
        return "".join(written(child) for child in tree)
    if not isinstance(tree, Component):
        return escape(str(tree), quote=False)
    if isinstance(tree, Markup):
        return str(tree.markup)
    if isinstance(tree, Line):
        return tree.drawn()
    name = _element(tree)
    props = tree.to_plotly_json()["props"]
    attributes = "".join(_attribute(key, value) for key, value in props.items() if key not in LEFT_OUT)
    if name in VOID:
        return f"<{name}{attributes}>"
    return f"<{name}{attributes}>{written(props.get('children'))}</{name}>"


def _element(component: Component) -> str:
    """Name of the element a component is: those of dash.html, and the input of dash.dcc."""
    place, kind = component._namespace, component._type
    if place == "dash_core_components" and kind == "Input":
        return "input"
    if place != "dash_html_components" or kind.lower() not in ELEMENTS:
        raise ValueError(f"plain: got {place}.{kind}; expected an element")
    return kind.lower()


def _attribute(key: str, value: object) -> str:
    name = NAMES.get(key, key)
    if value is None or value is False or (isinstance(value, str | int) and (name, value) in SILENT):
        return ""
    if not ATTRIBUTE.match(name) or name.startswith("on"):
        raise ValueError(f"plain: got attribute '{key}'; expected lower-case letters and '-', no handler")
    if value is True:
        return f" {name}"
    if isinstance(value, dict) and name == "style":
        value = ";".join(f"{_property(part)}:{text}" for part, text in value.items())
    if not isinstance(value, str | int | float):
        raise ValueError(f"plain: {key}: got {type(value).__name__}; expected a text or a number")
    if name in ("href", "action", "src") and not LOCAL.match(str(value)):
        raise ValueError(f"plain: {key}: got '{str(value)[:60]}'; expected an address of this host")
    return f' {name}="{escape(str(value))}"'


def _property(name: str) -> str:
    """maskImage → mask-image, WebkitMaskImage → -webkit-mask-image, --columns as it is."""
    return name if name.startswith("--") else UPPER.sub(lambda found: "-" + found[1].lower(), name)
