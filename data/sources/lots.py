"""What a declaration of kind `parking` must say, readings of a lot or stays in it."""

from data.sources.batch import SourceError
from data.sources.declared import Section


def resolved(kind: str, top: Section) -> str:
    """The kind of fact: `stay` where a source of car parks maps the entry of a car."""
    return "stay" if kind == "parking" and "entry_at" in top.sub("fields").values else kind


def check_lots(top: Section, kind: str, mapped: set[str]) -> None:
    """Refuse a declaration from which a reading or a stay could not be told. Raises SourceError."""
    if kind == "parking" and not mapped & {"occupied", "vacant"}:
        raise SourceError(f"{top.at('fields')}: got neither occupied nor vacant; expected one of them")
    if kind == "parking" and {"occupied", "vacant"} <= mapped:
        raise SourceError(f"{top.at('fields')}: got both occupied and vacant; expected one of them")
    if kind == "stay" and not mapped & {"id", "plate"}:
        raise SourceError(
            f"{top.at('fields')}: got neither id nor plate; expected one: two cars may enter a lot at once"
        )
    if "vacant" in mapped and "capacity" not in mapped:
        raise SourceError(
            f"{top.at('fields.vacant')}: got no capacity beside it; expected both, one is the other"
        )
