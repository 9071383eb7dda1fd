"""Fields of a fact by kind of source: one table that drives reading, checking, storing and writing.

The names are those of the contract (section 3). `key` of a fact is its `id`; a parking reading has no id of its
own, its key is the lot and the instant. A source of kind `parking` that maps `entry_at` delivers stays instead of
readings: inside the program its kind is `stay`.
"""

from dataclasses import dataclass
from typing import Literal

FieldType = Literal["text", "word", "choice", "yesno", "count", "number", "instant", "version", "coordinate"]

CONTACT = ("yes", "no", "unrated")
JUDGEMENT = ("solved", "explained", "unrated")
RESOLUTION = ("solved", "unsolved", "unrated")
SATISFACTION = ("satisfied", "mostly", "neutral", "dissatisfied", "unrated")


@dataclass(frozen=True)
class ColumnSpec:
    """What one field means.

    type      text | word (a text that repeats) | choice (one of `choices`) | yesno | count (whole number) |
              number | instant (UTC) | version (whole number) | coordinate (degrees, WGS84)
    personal  its values never appear in a message
    sealed    stored encrypted whether a source says so or not
    future    an instant that may lie ahead (a deadline)
    signed    a count that may fall below zero (a floor)
    """

    name: str
    type: FieldType
    required: bool = False
    personal: bool = False
    sealed: bool = False
    future: bool = False
    signed: bool = False
    choices: tuple[str, ...] = ()

    @property
    def meaning(self) -> str:
        """Key of the field's title and explanation in the language catalogues."""
        return f"field.{self.name}"


def _all(kind: FieldType, *names: str) -> tuple[ColumnSpec, ...]:
    return tuple(ColumnSpec(name, kind) for name in names)


_PLACE = (
    ColumnSpec("address", "text", personal=True),
    ColumnSpec("lon", "coordinate"),
    ColumnSpec("lat", "coordinate"),
    ColumnSpec("unit_hint", "word"),
)
_ID = (ColumnSpec("id", "text", required=True), ColumnSpec("version", "version"))

FIELDS: dict[str, tuple[ColumnSpec, ...]] = {
    "case": (
        *_ID,
        *_all("word", "category", "channel", "status", "department"),
        ColumnSpec("reported_at", "instant", required=True),
        *_all("instant", "filed_at", "dispatched_at", "handled_at", "closed_at"),
        ColumnSpec("due_at", "instant", future=True),
        *_all("yesno", "on_time", "forced", "voided"),
        *_all("count", "suspensions", "extensions", "redispatches", "reworks"),
        *_PLACE,
        ColumnSpec("text", "text", personal=True),
    ),
    "order": (
        *_ID,
        *_all("word", "type", "category", "channel", "department"),
        ColumnSpec("accepted_at", "instant", required=True),
        *_all("instant", "dispatched_at", "first_contact_at", "finished_at", "closed_at"),
        *_all("instant", "called_back_at", "returned_at"),
        ColumnSpec("first_contact_due_at", "instant", future=True),
        ColumnSpec("due_at", "instant", future=True),
        ColumnSpec("first_contact", "choice", choices=CONTACT),
        ColumnSpec("closing_judgement", "choice", choices=JUDGEMENT),
        ColumnSpec("callback_resolution", "choice", choices=RESOLUTION),
        ColumnSpec("satisfaction", "choice", choices=SATISFACTION),
        *_all("count", "returns", "suspensions", "extensions"),
        *_all("text", "repeat_of", "linked_case", "excluded"),
        *_PLACE,
        ColumnSpec("caller_name", "text", personal=True, sealed=True),
        ColumnSpec("caller_phone", "text", personal=True, sealed=True),
        ColumnSpec("text", "text", personal=True, sealed=True),
    ),
    "alert": (
        *_ID,
        ColumnSpec("kind", "choice", required=True, choices=("littering", "wall")),
        *_all("word", "device", "severity", "state"),
        ColumnSpec("occurred_at", "instant", required=True),
        ColumnSpec("received_at", "instant"),
        *_all("instant", "acknowledged_at", "verified_at", "resolved_at", "closed_at"),
        *_all("text", "building", "image_url", "clip_url", "state_log"),
        ColumnSpec("floor_low", "count", signed=True),
        ColumnSpec("floor_high", "count", signed=True),
        ColumnSpec("confidence", "number"),
        *_PLACE,
    ),
    "parking": (
        ColumnSpec("lot", "text", required=True),
        ColumnSpec("version", "version"),
        ColumnSpec("observed_at", "instant", required=True),
        ColumnSpec("name", "text"),
        ColumnSpec("type", "word"),
        *_all("count", "capacity", "out_of_service", "occupied", "vacant"),
        ColumnSpec("lon", "coordinate"),
        ColumnSpec("lat", "coordinate"),
        ColumnSpec("unit_hint", "word"),
    ),
    "stay": (
        ColumnSpec("id", "text"),
        ColumnSpec("version", "version"),
        ColumnSpec("lot", "text", required=True),
        ColumnSpec("entry_at", "instant", required=True),
        ColumnSpec("exit_at", "instant"),
        ColumnSpec("name", "text"),
        ColumnSpec("type", "word"),
        *_all("count", "capacity", "allowed_minutes"),
        ColumnSpec("fee", "number"),
        ColumnSpec("plate", "text", personal=True),
        ColumnSpec("lon", "coordinate"),
        ColumnSpec("lat", "coordinate"),
        ColumnSpec("unit_hint", "word"),
    ),
}
KINDS = ("case", "order", "alert", "parking")  # as declarations name them
START = {
    "case": "reported_at", "order": "accepted_at", "alert": "occurred_at", "parking": "observed_at",
    "stay": "entry_at",
}  # fmt: skip
IDENTITY = {"case": "id", "order": "id", "alert": "id", "parking": "lot", "stay": "lot"}


def specs(kind: str) -> dict[str, ColumnSpec]:
    """The fields of a kind by name."""
    return {spec.name: spec for spec in FIELDS[kind]}
