"""The commands about units: `linli units …` and `linli trees …`."""

from argparse import Namespace
from collections.abc import Callable

from callbacks.commands import open_store, say
from data import boundaries, versions
from data.instants import utc_now
from data.query import parse_date
from data.refreshing import refresh_all
from data.settings import EPOCH_DAY, load_settings
from data.trees import add_tree
from geo.boundaries import BoundaryError


def units_import(options: Namespace) -> int:
    """Stage one level."""
    store = open_store(options)
    tree = store.settings.tree(options.tree)
    if options.level not in tree.names:
        raise BoundaryError(f"--level: got '{options.level}'; expected one of {', '.join(tree.names)}")
    day = (parse_date(options.valid_from, "--valid-from") - EPOCH_DAY).days if options.valid_from else None
    staged = boundaries.stage(
        store, options.file, tree.level(options.level), code=options.code, name=options.name, parent=options.parent,
        crs=options.crs, dissolve=options.dissolve, skip_uncoded=options.skip_uncoded, join=options.join,
        valid_from_on=day, tree=tree.name,
    )  # fmt: skip
    document = {
        "tree": tree.name, "level": staged.level, "units": staged.units, "with_shape": staged.with_shape,
        "notes": list(staged.notes),
    }  # fmt: skip
    text = f"{staged.level}: {staged.units} units staged, {staged.with_shape} with a shape"
    return say(options, document, [text, *staged.notes])


def units_check(options: Namespace) -> int:
    """List the faults of the staged set."""
    store = open_store(options)
    faults = boundaries.check_staged(store, store.settings.tree(options.tree).name)
    document = {"faults": [_fault(fault) for fault in faults]}
    return say(options, document, [fault.text for fault in faults] or ["no faults"])


def _fault(fault) -> dict:
    return {
        "kind": fault.kind,
        "level": fault.level,
        "codes": list(fault.codes),
        "area_m2": fault.area_m2,
        "width_m": fault.width_m,
        "text": fault.text,
    }


def units_publish(options: Namespace) -> int:
    """Publish the staged set and place every fact in it."""
    store = open_store(options)
    accept = {part.strip() for part in options.accept.split(",") if part.strip()}
    unknown = accept - boundaries.KINDS
    if unknown:
        raise BoundaryError(
            f"--accept: got '{min(unknown)}'; expected some of {', '.join(sorted(boundaries.KINDS))}"
        )
    tree = store.settings.tree(options.tree).name
    version, faults = boundaries.publish(store, accept=accept, clock=utc_now, tree=tree)
    refresh_all(store, clock=utc_now)
    start = versions.valid_from(version)
    document = {"tree": tree, "version": version.id, "valid_from": start, "units": len(version.units)}
    return say(options, document | {"accepted": len(faults)}, [_version_line(document)])


def units_versions(options: Namespace) -> int:
    """List versions and what became of each unit."""
    store = open_store(options)
    tree = store.settings.tree(options.tree)
    document, lines = [], []
    for version, change in versions.changes(store, tree.name):
        rows = [] if change is None else [_change(row, tree.names) for row in change.to_dict("records")]
        start = versions.valid_from(version)
        entry = {"version": version.id, "valid_from": start, "units": len(version.units)}
        document.append(entry | {"changes": rows})
        lines += [_version_line(entry), *(_change_line(row) for row in rows if row["change"] != "same")]
    return say(options, {"tree": tree.name, "versions": document}, lines or ["no versions yet"])


def _version_line(entry: dict) -> str:
    start = entry["valid_from"] or "the beginning"
    return f"version {entry['version']}: {entry['units']} units, valid from {start}"


def _change(row: dict, levels: tuple[str, ...]) -> dict:
    """What became of one unit, with None for what is missing."""
    known = {key: None if value != value else value for key, value in row.items()}
    return known | {"level": levels[row["level"]]}


def _change_line(row: dict) -> str:
    share = "" if row["share"] is None else f", {row['share']:.1%} of the area"
    others = f" ({row['others']})" if row["others"] else ""
    return f"  {row['level']} {row['code']} {row['name']}: {row['change']}{others}{share}"


def trees_add(options: Namespace) -> int:
    """Declare one more tree in `linli.toml`."""
    levels = tuple(part.strip() for part in options.levels.split(",") if part.strip())
    tree = add_tree(options.instance, options.name, levels=levels, title=options.title)
    document = {"tree": tree.name, "levels": list(tree.names)}
    text = f"{tree.name}: {len(levels)} levels, ready for 'linli units import --tree {tree.name}'"
    return say(options, document, [text])


def trees_list(options: Namespace) -> int:
    """List the trees with their levels."""
    settings = load_settings(options.instance)
    document = [
        {"tree": tree.name, "title": tree.title(settings.locale), "levels": list(tree.names)}
        for tree in settings.trees
    ]
    lines = [f"{entry['tree']:12} {entry['title']}: {' > '.join(entry['levels'])}" for entry in document]
    return say(options, {"trees": document}, lines)


COMMANDS: dict[str, Callable[[Namespace], int]] = {
    "units_import": units_import,
    "units_check": units_check,
    "units_publish": units_publish,
    "units_versions": units_versions,
    "trees_add": trees_add,
    "trees_list": trees_list,
}
