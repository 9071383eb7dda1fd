"""The composition root and the `linli` command: arguments in, live objects made, the work handed on.

Exit status: 0 done; 1 refused or failed, one plain line on standard error; 2 wrong usage.
"""

import argparse
import os
import sys
from pathlib import Path

from callbacks import commands
from data.assessment_periods import NAMES
from data.schema import SUBJECTS
from data.settings import DEFAULT_LEVELS, FIRST_TREE


def parser() -> argparse.ArgumentParser:
    """Every subcommand and option; global ones stand before or after the subcommand."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--instance", type=Path, default=argparse.SUPPRESS, help="folder of the instance (default ./instance)"
    )
    shared.add_argument(
        "--json", action="store_true", default=argparse.SUPPRESS, help="one JSON document on stdout"
    )
    top = argparse.ArgumentParser(prog="linli", description=__doc__.splitlines()[0], parents=[shared])
    sub = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, parent=sub) -> argparse.ArgumentParser:
        return parent.add_parser(name, help=text, description=text, parents=[shared])

    _making(add)
    _units(add)
    _gazetteer(add)
    _numbers(add)
    _past(add)
    _running(add)
    _keeping(add)
    return top


def _making(add) -> None:
    new = add("init", "make an empty instance")
    new.add_argument("folder", type=Path, metavar="DIR")
    new.add_argument("--levels", default=",".join(DEFAULT_LEVELS))
    new.add_argument("--timezone", default="Asia/Shanghai")
    new.add_argument("--locale", default="zh")
    sample = add("sample", "make an instance with a sample city")
    sample.add_argument("folder", type=Path, metavar="DIR")
    sample.add_argument("--size", choices=("subdistrict", "district", "city"), default="subdistrict")
    sample.add_argument("--days", type=int, default=540)
    sample.add_argument("--seed", type=int, default=1)
    sample.add_argument("--until", metavar="DATE", help="first day without records (default today)")


def _units(add) -> None:
    group = add("units", "boundaries: import, check, publish, versions")
    sub = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    read = add("import", "stage one level's units", sub)
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument("--level", required=True)
    read.add_argument("--code", required=True, metavar="FIELD")
    read.add_argument("--name", required=True, metavar="FIELD")
    read.add_argument("--parent", metavar="FIELD")
    read.add_argument("--crs")
    read.add_argument("--dissolve", action="store_true", help="unite children that carry the code")
    read.add_argument("--join", action="store_true", help="outlines by code for the units known already")
    read.add_argument("--skip-uncoded", action="store_true", help="leave out what has no code")
    read.add_argument("--valid-from", metavar="DATE")
    check = add("check", "every fault of the staged set", sub)
    publish = add("publish", "make the staged set a new boundary version", sub)
    publish.add_argument("--accept", default="", metavar="KIND,…")
    versions = add("versions", "published versions and what changed", sub)
    for command in (read, check, publish, versions):
        _tree(command)
    trees = add("trees", "more than one tree of units: add, list")
    sub = trees.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = add("add", "declare one more tree", sub)
    new.add_argument("name", metavar="NAME")
    new.add_argument("--levels", required=True, metavar="LEVEL,…", help="top first")
    new.add_argument("--title", default="", metavar="TEXT", help="what its units are called on the pages")
    add("list", "all trees with their levels", sub)


def _tree(command: argparse.ArgumentParser) -> None:
    command.add_argument("--tree", default=FIRST_TREE, metavar="NAME", help=f"tree of units ({FIRST_TREE})")


def _gazetteer(add) -> None:
    group = add("gazetteer", "place names: import, export, propose, accept, refuse, find, report")
    sub = group.add_subparsers(dest="action", required=True, metavar="ACTION")
    read = add("import", "take the entries of a CSV file and move the facts they concern", sub)
    read.add_argument("file", type=Path, metavar="FILE")
    read.add_argument(
        "--replace", action="store_true", help="imported entries not in the file no longer hold"
    )
    write = add("export", "the entries as CSV on standard output", sub)
    write.add_argument("--as-of", metavar="INSTANT")
    grow = add("propose", "grow proposals from facts with coordinates, and list those not judged", sub)
    grow.add_argument("--least", type=int, default=5, metavar="N", help="facts an address needs (default 5)")
    for name, text in (("accept", "let proposals count"), ("refuse", "let proposals never come again")):
        judge = add(name, text, sub)
        judge.add_argument("numbers", nargs="*", type=int, metavar="NUMBER", help="without: all of them")
    find = add("find", "what the gazetteer says of an address, and why", sub)
    find.add_argument("address", metavar="ADDRESS")
    report = add("report", "how the facts of each source were located", sub)
    report.add_argument("--from", dest="start", metavar="DATE")
    report.add_argument("--to", dest="end", metavar="DATE", help="exclusive")


def _numbers(add) -> None:
    load = add("ingest", "load files through a declared source")
    load.add_argument("source", metavar="SOURCE")
    load.add_argument("files", nargs="+", type=Path, metavar="FILE")
    load.add_argument("--accept-shrink", action="store_true", help="let more of a snapshot vanish than usual")
    add("refresh", "bring rollups up to date").add_argument("--full", action="store_true")
    listed = add("indicators", "every indicator")
    listed.add_argument("--markdown", action="store_true", help="as the table of docs/indicators.md")
    measure = add("measure", "numbers of indicators")
    measure.add_argument("indicators", nargs="+", metavar="INDICATOR")
    measure.add_argument("--unit", metavar="CODE")
    measure.add_argument("--by", default="", metavar="level:L,day|week|month,category,channel,department")
    measure.add_argument("--format", choices=("csv", "json"), default="csv")
    measure.add_argument(
        "--before-exclusions", action="store_true", help="also as if nothing were left out of the assessment"
    )
    export = add("export", "write rows to a file with its manifest")
    export.add_argument("subject", choices=(*SUBJECTS, "measures"))
    export.add_argument("-o", "--output", required=True, type=Path, metavar="FILE")
    export.add_argument("--unit", metavar="CODE")
    export.add_argument("--flavour", choices=("excel", "machine"), default="excel")
    composite = add("composite", "scores of a composite with its parts, or all composites")
    composite.add_argument("name", nargs="?", metavar="NAME")
    composite.add_argument("--unit", metavar="CODE")
    composite.add_argument("--by", default="", metavar="level:L")
    composite.add_argument("--format", choices=("csv", "json"), default="csv")
    for command in (measure, export, composite):
        command.add_argument("--from", dest="start", metavar="DATE")
        command.add_argument("--to", dest="end", metavar="DATE", help="exclusive")
        _named_period(command)
        command.add_argument("--as-of", metavar="INSTANT")
        command.add_argument("--boundaries", choices=("as-was", "today"), default="as-was")
        _tree(command)
    add("verify", "recompute every rollup from facts another way and compare")


def _named_period(command: argparse.ArgumentParser) -> None:
    command.add_argument("--period", choices=NAMES, help="instead of dates: the one so far, or that of --on")
    command.add_argument("--on", metavar="DATE", help="a day of the whole period named")


def _past(add) -> None:
    changes = add("changes", "the facts behind the difference between a number as known then and now")
    changes.add_argument("indicators", nargs="+", metavar="INDICATOR")
    changes.add_argument("--unit", metavar="CODE")
    changes.add_argument("--since", required=True, metavar="INSTANT")
    changes.add_argument("--until", dest="as_of", metavar="INSTANT", help="default now")
    changes.add_argument("--format", choices=("csv", "json"), default="csv")
    _named_period(changes)
    sub = add("release", "figures as they were published").add_subparsers(
        dest="action", required=True, metavar="ACTION"
    )
    make = add("make", "freeze the figures of a period", sub)
    make.add_argument("name", metavar="NAME")
    make.add_argument("--as-of", metavar="INSTANT", help="default now")
    make.add_argument("--title", default="", metavar="TEXT")
    make.add_argument("--note", default="", metavar="TEXT")
    make.add_argument("--indicators", default="", metavar="INDICATOR,…", help="default all")
    make.add_argument("--levels", default="", metavar="LEVEL,…", help="default the first three")
    for command in (changes, make):
        command.add_argument("--from", dest="start", metavar="DATE", required=command is make)
        command.add_argument("--to", dest="end", metavar="DATE", required=command is make, help="exclusive")
        command.add_argument("--boundaries", choices=("as-was", "today"), default="as-was")
        _tree(command)
    add("list", "every release", sub)
    for action, text in (
        ("show", "the figures of a release"),
        ("check", "make a release again as of its instant and compare"),
        ("diff", "figures of now that differ from a release, or the facts behind one"),
        ("withdraw", "say that a release no longer holds"),
    ):
        command = add(action, text, sub)
        command.add_argument("name", metavar="NAME")
        if action == "show":
            command.add_argument("--format", choices=("csv", "json"), default="csv")
        if action == "diff":
            command.add_argument("--indicator", metavar="INDICATOR", help="list the facts behind")
            command.add_argument("--unit", metavar="CODE")
        if action == "withdraw":
            command.add_argument("--reason", required=True, metavar="TEXT")


def _running(add) -> None:
    serve = add("serve", "the web server")
    demo = add("demo", "web server and scheduler in one; the sample city lives on")
    for command in (serve, demo):
        command.add_argument("--host", default="127.0.0.1")
        command.add_argument("--port", type=int, default=os.environ.get("LINLI_PORT", "8050"))
    serve.add_argument("--workers", type=int, default=1)
    add("worker", "the scheduler")
    jobs = add("jobs", "list job runs, or run one now")
    sub = jobs.add_subparsers(dest="action", metavar="ACTION")
    add("run", "run a job now", sub).add_argument("job", metavar="NAME")


def _deadlines(add) -> None:
    listed = add("deadlines", "how long things may take: the lists in force, or one from a file")
    listed.add_argument("--on", metavar="DATE")
    listed.add_argument("--as-of", metavar="INSTANT")
    sub = listed.add_subparsers(dest="action", metavar="ACTION")
    new = add("import", "record a list of limits, or published standards", sub)
    new.add_argument("file", type=Path, metavar="FILE")
    new.add_argument("--kind", choices=("case", "order"), default="case")
    new.add_argument("--valid-from", metavar="DATE")
    new.add_argument("--note", default="", metavar="TEXT")
    add("versions", "every list recorded", sub)


def _keeping(add) -> None:
    calendar = add("calendar", "the working days of a year, or days entered from a file")
    calendar.add_argument("--year", type=int, metavar="YEAR")
    calendar.add_argument("--as-of", metavar="INSTANT")
    sub = calendar.add_subparsers(dest="action", metavar="ACTION")
    add("import", "enter days: date, working or not, name", sub).add_argument(
        "file", type=Path, metavar="FILE"
    )
    _deadlines(add)
    _published(add)
    exclusions = add(
        "exclusions", "what is left out of the assessment, or decisions taken elsewhere from a file"
    )
    exclusions.add_argument("--state", metavar="applied|approved|refused|withdrawn")
    exclusions.add_argument("--as-of", metavar="INSTANT")
    sub = exclusions.add_subparsers(dest="action", metavar="ACTION")
    listed = add(
        "import", "record approvals: source, id, reason, clause, applicant, approved_by, approved_at", sub
    )
    listed.add_argument("file", type=Path, metavar="FILE")
    departments = add("departments", "departments as they are counted, or a list of their names")
    sub = departments.add_subparsers(dest="action", metavar="ACTION")
    listed = add("import", "make a list of names, aliases and kinds the one that counts", sub)
    listed.add_argument("file", type=Path, metavar="FILE")
    people = add("users", "accounts: add, disable, list")
    sub = people.add_subparsers(dest="action", required=True, metavar="ACTION")
    new = add("add", "make an account", sub)
    new.add_argument("name", metavar="NAME")
    new.add_argument("--role", required=True)
    new.add_argument("--unit", action="append", default=[], metavar="CODE")
    _tree(new)
    new.add_argument("--password-stdin", action="store_true")
    add("disable", "close an account", sub).add_argument("name", metavar="NAME")
    add("list", "all accounts", sub)
    add("backup", "write a complete copy").add_argument("file", type=Path, metavar="FILE")
    add("restore", "put a copy back into an empty place").add_argument("file", type=Path, metavar="FILE")
    add("doctor", "look for what is wrong with an instance")


def _published(add) -> None:
    published = add("published", "tables of figures the district published, ours beside them")
    sub = published.add_subparsers(dest="action", metavar="ACTION")
    take = add("import", "take a table: a line a sub-district, figures side by side", sub)
    take.add_argument("file", type=Path, metavar="FILE")
    take.add_argument("--from", dest="start", required=True, metavar="DATE")
    take.add_argument("--to", dest="end", required=True, metavar="DATE", help="exclusive")
    take.add_argument("--title", default="", metavar="TEXT", help="default: the name of the file")
    take.add_argument("--issuer", default="", metavar="TEXT")
    take.add_argument("--published-on", metavar="DATE", help="default: today")
    take.add_argument("--unit", default="", metavar="NAME-OR-CODE", help="the sub-district that is ours")
    add("list", "all tables, the newest period first", sub).add_argument("--as-of", metavar="INSTANT")
    show = add("show", "what a table says of ours, our own figures, the next ranks", sub)
    show.add_argument("number", nargs="?", type=int, metavar="NUMBER", help="without: the newest")
    show.add_argument("--as-of", metavar="INSTANT")
    add("withdraw", "let a table count no longer", sub).add_argument("number", type=int, metavar="NUMBER")


def main(argv: list[str] | None = None) -> int:
    """Run one command; the entry of the console script."""
    options = parser().parse_args(argv)
    options.instance = getattr(options, "instance", None) or Path(
        os.environ.get("LINLI_INSTANCE", "instance")
    )
    options.json = getattr(options, "json", False)
    try:
        return commands.run(options)
    except (BrokenPipeError, KeyboardInterrupt):
        return 1
    except commands.REFUSALS as error:
        print(f"linli: {commands.one_line(error)}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
