"""Hostile files: each is refused within two seconds with one plain sentence, and this process hardly grows."""

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import MADE, packed, parts, sheet, special
from source_files import NOW, declare, write
from xls_files import write_xls

from data.sources.batch import SourceError
from data.sources.gates import MB, UPLOAD
from data.sources.reading import read_batches
from data.sources.template import Fork, Template, template

SECONDS, MEGABYTES = 5.0, 20  # of processor, the child's too; on an idle machine the most measured is 1.2
LONGEST = 40.0  # seconds on the clock, however busy the machine
TRIES = 2  # what is measured while others work wavers; a file that is too slow is slow every time
TABLE = """
kind = "case"
format = "{form}"
timezone = "Asia/Shanghai"
[fields]
id = "编号"
category = "类别"
reported_at = "上报时间"
"""
RECORDS = """
kind = "case"
format = "{form}"
timezone = "Asia/Shanghai"
[fields]
id = "id"
reported_at = "at"
"""
FORMS = {"zip": "csv", "xml": "open311"}


@pytest.fixture
def source(tmp_path):
    """The declared source for a kind of file."""

    def declared(kind: str):
        form = FORMS.get(kind, kind)
        if form == "open311":
            return declare(tmp_path, 'kind = "case"\nformat = "open311"\ntimezone = "UTC"\n')
        text = RECORDS if form in ("json", "geojson") else TABLE
        return declare(tmp_path, text.format(form=form))

    return declared


def memory(name: str) -> float:
    """Megabytes of this process: VmRSS (now) or VmHWM (at most)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(name)


def sentences(source, path: Path) -> list[str]:
    """Everything that was said of a file; no fact may come out of it."""
    try:
        batches = list(read_batches(source, [path], now=NOW, limits=UPLOAD))
    except SourceError as error:
        return [str(error)]
    assert sum(len(batch.frame) for batch in batches) == 0
    return [str(reject) for batch in batches for reject in batch.rejects]


@pytest.fixture(autouse=True)
def ended(monkeypatch) -> list[float]:
    """Seconds of processor each child has used, once it has ended."""
    used, end = [], Fork.end

    def watched(fork):
        fork.wait(1.0)
        used.append(fork.processor)
        end(fork)

    monkeypatch.setattr(Fork, "end", watched)
    return used


def measured(source, path: Path, ended: list[float]) -> tuple[list[str], float, float]:
    """What was said, in how many seconds of processor, and how far this process grew meanwhile (megabytes)."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the most so far is what there is now
    ended.clear()
    before, used, started = memory("VmRSS"), time.process_time(), time.monotonic()
    said = sentences(source, path)
    assert time.monotonic() - started < LONGEST
    return said, time.process_time() - used + sum(ended), memory("VmHWM") - before


def check(source, path: Path, says: str, ended: list[float]) -> None:
    for left in reversed(range(TRIES)):
        said, seconds, grown = measured(source, path, ended)
        if (seconds < SECONDS and grown < MEGABYTES) or not left:
            break
    assert said
    assert any(says in text for text in said), said[:3]
    assert all("\n" not in text and "; expected " in text and len(text) < 600 for text in said)
    assert all(path.name in text for text in said)
    assert seconds < SECONDS
    assert grown < MEGABYTES


EVERY = [(kind, name) for kind, made in MADE.items() for name in made]


@pytest.mark.parametrize(("kind", "name"), EVERY, ids=[f"{kind}-{name}" for kind, name in EVERY])
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_file_is_refused(tmp_path, source, ended, kind, name):
    says, make = MADE[kind][name]
    path = tmp_path / f"{name}.{kind}"
    path.write_bytes(make())
    check(source(kind), path, says, ended)


def test_there_are_enough_of_them():
    assert len(EVERY) >= 60


def test_what_is_no_plain_file_is_refused(tmp_path, source, ended):
    for says, path in special(tmp_path).items():
        check(source("csv"), path, says, ended)


def test_a_file_swapped_for_a_link_meanwhile_is_not_read(tmp_path, source, monkeypatch):
    """The child has the file that was looked at, whatever its name leads to by then."""
    start, path = Template.fork, write(tmp_path, "编号,类别,上报时间\nA1,x,2025-01-01\n")

    def swap(*arguments):
        path.unlink()
        path.symlink_to("/etc/passwd")
        return start(*arguments)

    monkeypatch.setattr(Template, "fork", swap)
    batches = list(read_batches(source("csv"), [path], now=NOW, limits=UPLOAD))
    assert [key for batch in batches for key in batch.frame["key"]] == ["A1"]


# The limits themselves


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (
            replace(UPLOAD, memory=400 * MB),
            "takes more than 400 MB of memory to read; expected a smaller one",
        ),
        (replace(UPLOAD, processor=2), "takes more than 2 s to read; expected a smaller one"),
        (replace(UPLOAD, wall=1), "takes more than 20 s to read; expected a smaller one"),
        (replace(UPLOAD, written=1 << 20), "got an archive that cannot be unpacked; expected a whole one"),
    ],
    ids=["memory", "processor", "wall", "written"],
)
def test_a_child_that_breaks_a_limit_dies_alone(tmp_path, source, limits, says):
    """A large list of records, honest but more than a child may chew."""
    records = ",".join(f'{{"id": "A{n}", "at": "2025-01-01", "x": [{n}]}}' for n in range(600_000))
    path = tmp_path / "large.json"
    path.write_bytes(packed({"a.json": f"[{records}]"}, level=1))
    with pytest.raises(SourceError, match=says):
        for _ in read_batches(source("json"), [path], now=NOW, limits=limits):
            pass
    assert gone()


def test_a_child_is_gone_when_its_batches_are_no_longer_wanted(tmp_path, source):
    body = "编号,类别,上报时间\n" + "".join(f"A{n},x,2025-01-01\n" for n in range(200_000))
    batches = read_batches(source("csv"), [write(tmp_path, body)], now=NOW, limits=UPLOAD, limit=1000)
    assert len(next(batches).frame) == 1000
    assert len(children()) == 2
    del batches
    gc.collect()
    assert gone()


def children() -> list[str]:
    """Processes that parse a file, and those that watch them."""
    if (leader := template().pid) is None:
        return []
    first = Path(f"/proc/{leader}/task/{leader}/children").read_text().split()
    return first + [
        each for watch in first for each in Path(f"/proc/{watch}/task/{watch}/children").read_text().split()
    ]


def gone(seconds: float = 5.0) -> bool:
    """Whether they end: the one that watches goes a moment after it is let go."""
    until = time.monotonic() + seconds
    while children() and time.monotonic() < until:
        time.sleep(0.01)
    return children() == []


@pytest.fixture
def anew() -> Iterator[None]:
    """The template is started in the test, and again after it."""
    template.cache_clear()
    yield
    template.cache_clear()


def test_the_child_is_told_no_secret(tmp_path, source, monkeypatch, anew):
    import subprocess

    seen, start = {}, subprocess.Popen

    def watched(*arguments, **options):
        seen.update(options)
        return start(*arguments, **options)

    monkeypatch.setenv("LINLI_SECRET", "x")
    monkeypatch.setattr(subprocess, "Popen", watched)
    list(read_batches(source("csv"), [write(tmp_path, "编号,类别,上报时间\n")], now=NOW, limits=UPLOAD))
    assert "LINLI_SECRET" not in seen["env"] and "close_fds" not in seen
    leader = template().pid
    assert b"LINLI_SECRET" not in Path(f"/proc/{leader}/environ").read_bytes()


def test_one_process_has_imported_the_parsers_and_each_file_is_read_in_a_fork_of_it(tmp_path, source):
    path = write(tmp_path, "编号,类别,上报时间\nA1,x,2025-01-01\n")
    leaders = set()
    for _ in range(3):
        list(read_batches(source("csv"), [path], now=NOW, limits=UPLOAD))
        leaders.add(template().pid)
    assert len(leaders) == 1 and gone()


def test_a_template_that_has_died_is_started_again(tmp_path, source):
    path = write(tmp_path, "编号,类别,上报时间\nA1,x,2025-01-01\n")
    list(read_batches(source("csv"), [path], now=NOW, limits=UPLOAD))
    leader = template().pid
    assert leader is not None
    os.kill(leader, signal.SIGKILL)
    template().process.wait()
    (batch,) = read_batches(source("csv"), [path], now=NOW, limits=UPLOAD)
    assert len(batch.frame) == 1 and template().pid != leader


def test_a_child_that_cannot_start_is_no_fault_of_the_file(tmp_path, source, monkeypatch, anew):
    """The inbox keeps the file and tries again; it is not laid among the failed ones."""
    path = write(tmp_path, "编号,类别,上报时间\nA1,x,2025-01-01\n")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(OSError, match="the process that parses files: got no start; expected it to start"):
        read_batches(source("csv"), [path], now=NOW, limits=UPLOAD)


# The same facts either way


@pytest.fixture
def files(tmp_path) -> Iterator[dict[str, Path]]:
    rows = [["编号", "类别", "上报时间"], *([f"A{n}", "市容", "2025-01-01 09:00"] for n in range(40))]
    rows.append(["A99", "x", "2999-01-01"])
    table = "\n".join(map(",".join, rows)) + "\n"
    yield {
        "csv": write(tmp_path, table),
        "zip": tmp_path / "cases.zip",
        "xls": write_xls(tmp_path / "cases.xls", rows),
        "zipped_xls": tmp_path / "xls.zip",
        "gbk": write(tmp_path, table, name="gbk.csv", encoding="gb18030"),
    }


def test_every_way_into_the_program_gives_the_same_facts(tmp_path, source, files):
    import pandas as pd

    files["zip"].write_bytes(packed({"2025/": b"", "2025/明细.CSV": files["csv"].read_bytes()}))
    files["zipped_xls"].write_bytes(packed({"a.xls": files["xls"].read_bytes()}))
    here = [*read_batches(source("csv"), [files["csv"]], now=NOW)]
    for name, path in files.items():
        kind = "xls" if "xls" in name else "csv"
        apart = [*read_batches(source(kind), [path], now=NOW, limits=UPLOAD, limit=50_000)]
        frames = [
            pd.concat([batch.frame for batch in batches]).reset_index(drop=True) for batches in (here, apart)
        ]
        pd.testing.assert_frame_equal(*(frame.drop(columns="file") for frame in frames))
        assert frames[1]["file"].unique().tolist() == [path.name]
        assert [(r.row, r.field, r.rule) for b in apart for r in b.rejects] == [
            (r.row, r.field, r.rule) for b in here for r in b.rejects
        ]
        assert sum(batch.read for batch in apart) == 41


def test_long_texts_travel_in_several_frames(tmp_path, source):
    body = "编号,类别,上报时间\n" + "".join(f"A{n},{'长' * 150},2025-01-01\n" for n in range(60_000))
    path = write(tmp_path, body)
    batches = list(read_batches(source("csv"), [path], now=NOW, limits=UPLOAD, limit=50_000))
    assert sum(len(batch.frame) for batch in batches) == 60_000
    assert len(batches) > 2
    keys = [key for batch in batches for key in batch.frame["key"]]
    assert keys == [f"A{n}" for n in range(60_000)]


def test_a_workbook_with_one_far_cell_is_read_without_its_empty_rows(tmp_path, source):
    cells = b"".join(
        b'<c t="inlineStr"><is><t>%s</t></is></c>' % text.encode() for text in ("编号", "类别", "上报时间")
    )
    row = b"".join(b'<c t="inlineStr"><is><t>%s</t></is></c>' % text for text in (b"A1", b"x", b"2025-01-01"))
    body = sheet(
        b"<row>%s</row><row>%s</row><row r='1048576'><c r='XFD1048576'><v>1</v></c></row>" % (cells, row)
    )
    path = tmp_path / "far.xlsx"
    path.write_bytes(body)
    batches = list(read_batches(source("xlsx"), [path], now=NOW, limits=UPLOAD))
    assert [key for batch in batches for key in batch.frame["key"]] == ["A1"]


def test_links_to_other_workbooks_are_not_followed(tmp_path, source):
    """A workbook may refer to others; the values it keeps of them are read, the others are not asked for."""
    link = b'<externalLink xmlns="x"><externalBook r:id="rId1"/></externalLink>'
    path = tmp_path / "linked.xlsx"
    path.write_bytes(packed(parts() | {"xl/externalLinks/externalLink1.xml": link}))
    batches = list(read_batches(source("xlsx"), [path], now=NOW, limits=UPLOAD))
    assert [key for batch in batches for key in batch.frame["key"]] == ["A1"]


NAMES = (
    "-rf.csv", "$(reboot).csv", "a;b|c&d.csv", "'quoted\".csv", "line\nbreak.csv", "\x1b[31mred.csv", "\u202efdp.csv",
    "工单 1.csv", "＊.csv", " .csv", "..csv", "~.csv", "%2e%2e%2f.csv", "con.csv", "a" * 251 + ".csv",
    "表" * 80 + ".csv", os.fsdecode(b"\xff\xfe.csv"), "{name}.csv", "%s%n.csv", "<img src=x>.csv",
    "nul\u0085.csv", "é.csv", "e\u0301.csv", "file-3", ".hidden.csv", *(f"{number}.csv" for number in range(100)),
)  # fmt: skip


def test_any_name_is_only_a_name(tmp_path, source):
    """Also of more files than one child is given."""
    paths = [tmp_path / name for name in NAMES]
    for number, path in enumerate(paths):
        path.write_text(f"编号,类别,上报时间\nA{number},x,2025-01-01\nB,x,never\n", encoding="utf-8")
    batches = list(read_batches(source("csv"), paths, now=NOW, limits=UPLOAD))
    assert [key for batch in batches for key in batch.frame["key"]] == [f"A{n}" for n in range(len(NAMES))]
    said = [str(reject) for batch in batches for reject in batch.rejects]
    assert len(said) == len(NAMES)
    assert all(letter.isprintable() for text in said for letter in text)
