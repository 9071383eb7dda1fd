import os
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from data import inbox as box
from data.inbox import Inbox, being_written

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "inbox").mkdir()
    return tmp_path / "inbox"


@pytest.fixture
def inbox(folder):
    return Inbox(folder, ["nyc", "nyc-311", "hotline"])


def drop(folder, name, text="a,b\n1,2\n", *, at=NOW):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def claimed(inbox, now):
    return [(each.source, each.name) for each in inbox.claim(now=now)]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("nyc.csv", "nyc"),
        ("nyc-2026-03.csv.gz", "nyc"),
        ("nyc-311.csv", "nyc-311"),
        ("nyc-311-late.csv", "nyc-311"),
        ("hotline/任意.xlsx", "hotline"),
        ("nyc/hotline.csv", "nyc"),
        ("nycity.csv", None),
        ("other.csv", None),
        (".nyc.csv", None),
        ("nyc.csv.part", None),
        ("nyc.TMP", None),
        ("hotline/.swp", None),
        ("hotline/deeper/a.csv", None),
        ("done/nyc.csv", None),
    ],
)
def test_a_file_is_for_the_source_its_place_or_name_says(folder, inbox, name, source):
    drop(folder, name)
    assert claimed(inbox, after(10)) == ([(source, name.rpartition("/")[2])] if source else [])
    assert (folder / name).exists() is (source is None)


def test_files_of_nobody_are_named_and_left(folder, inbox):
    for name in ("other.csv", "nyc.csv", ".hidden", "x.part"):
        drop(folder, name)
    assert inbox.unknown() == ["other.csv"]


def test_a_file_left_alone_for_five_seconds_is_complete(folder, inbox):
    drop(folder, "nyc.csv")
    assert claimed(inbox, after(4.9)) == []
    assert inbox.waiting() == 1
    assert claimed(Inbox(folder, ["nyc"]), after(5)) == [("nyc", "nyc.csv")]


def test_two_equal_looks_two_seconds_apart_are_enough_and_less_is_not(folder, inbox):
    drop(folder, "nyc.csv")
    assert claimed(inbox, after(0.5)) == []
    assert claimed(inbox, after(1.5)) == []
    assert claimed(inbox, after(2.4)) == []
    assert claimed(inbox, after(2.5)) == [("nyc", "nyc.csv")]


def test_a_file_that_grows_between_looks_is_waited_for(folder, inbox):
    for seconds in range(0, 30, 3):
        drop(folder, "nyc.csv", "x" * seconds, at=after(seconds))
        assert claimed(inbox, after(seconds + 0.1)) == []
    assert claimed(inbox, after(30)) == [("nyc", "nyc.csv")]


def test_a_file_replaced_between_looks_is_another_file(folder, inbox):
    drop(folder, "nyc.csv", at=after(0))
    claimed(inbox, after(1))
    other = drop(folder, "other", at=after(0))
    os.replace(other, folder / "nyc.csv")  # equal size, equal time
    assert claimed(inbox, after(3.1)) == []


def test_a_time_of_change_in_the_future_proves_nothing_alone(folder, inbox):
    drop(folder, "nyc.csv", at=after(3600))
    assert claimed(inbox, after(10)) == []
    assert claimed(inbox, after(12)) == [("nyc", "nyc.csv")]


def test_links_are_never_followed(folder, inbox, tmp_path):
    secret = drop(tmp_path, "secret.csv")
    (folder / "nyc.csv").symlink_to(secret)
    (tmp_path / "elsewhere").mkdir()
    drop(tmp_path, "elsewhere/a.csv")
    (folder / "hotline").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "nyc-pipe.csv")
    assert claimed(inbox, after(100)) == []
    assert secret.exists()


def test_a_file_swapped_for_a_link_at_the_last_moment_is_not_read(folder, inbox, tmp_path, monkeypatch):
    secret = drop(tmp_path, "secret.csv")
    path = drop(folder, "nyc.csv")
    rename = os.rename

    def swap(source, target):
        path.unlink()
        path.symlink_to(secret)
        rename(source, target)

    monkeypatch.setattr(box.os, "rename", swap)
    assert claimed(inbox, after(10)) == []
    assert claimed(inbox, after(100)) == []


def test_a_file_still_open_for_writing_is_never_taken_however_quiet(folder, inbox):
    with open(folder / "nyc.csv", "w") as writer:
        writer.write("half")
        writer.flush()
        os.utime(folder / "nyc.csv", (NOW.timestamp(), NOW.timestamp()))
        assert being_written(folder / "nyc.csv")
        assert claimed(inbox, after(100)) == []
        assert claimed(inbox, after(200)) == []
        assert (folder / "nyc.csv").exists()  # its writer still finds it under its name
    assert not being_written(folder / "nyc.csv")
    assert claimed(inbox, after(300)) == [("nyc", "nyc.csv")]


def test_a_writer_that_opened_just_before_the_rename_is_waited_for(folder, inbox, monkeypatch):
    path = drop(folder, "nyc.csv", "half\n")
    writers, rename = [], os.rename

    def late(source, target):
        writers.append(open(path, "a"))  # noqa: SIM115 - closed below
        rename(source, target)

    monkeypatch.setattr(box.os, "rename", late)
    assert claimed(inbox, after(10)) == []
    monkeypatch.undo()
    writers[0].write("rest\n")
    writers[0].close()
    (delivery,) = inbox.claim(now=datetime.now(UTC) + timedelta(seconds=6))
    assert delivery.path.read_text() == "half\nrest\n"


def test_a_file_replaced_in_the_instant_of_the_rename_is_read_when_it_is_at_rest(folder, inbox, monkeypatch):
    path = drop(folder, "nyc.csv", "old\n")
    rename = os.rename

    def replaced(source, target):
        drop(folder, "new", "new, not whole\n", at=after(9))
        os.replace(folder / "new", path)
        rename(source, target)

    monkeypatch.setattr(box.os, "rename", replaced)
    assert claimed(inbox, after(10)) == []
    monkeypatch.undo()
    assert claimed(inbox, after(14.1)) == [("nyc", "nyc.csv")]


def test_deliveries_come_in_the_order_they_were_made(folder, inbox):
    for number, name in enumerate(["nyc-c.csv", "nyc-a.csv", "hotline/b.csv"]):
        drop(folder, name, at=after(number))
    assert [name for _, name in claimed(inbox, after(60))] == ["nyc-c.csv", "nyc-a.csv", "b.csv"]


def test_what_a_dead_worker_claimed_is_handed_to_the_next(folder, inbox):
    drop(folder, "nyc.csv")
    assert claimed(inbox, after(10)) == claimed(Inbox(folder, ["nyc"]), after(11)) == [("nyc", "nyc.csv")]


def test_a_second_file_of_one_name_is_a_delivery_of_its_own(folder, inbox):
    drop(folder, "nyc.csv", "first\n")
    claimed(inbox, after(10))
    drop(folder, "nyc.csv", "second\n", at=after(20))
    both = inbox.claim(now=after(30))
    assert [each.path.read_text() for each in both] == ["first\n", "second\n"]
    done = [inbox.done(each, on="2026-03-01") for each in both]
    assert [path.relative_to(folder).as_posix() for path in done] == [
        "done/2026-03-01/nyc.csv",
        "done/2026-03-01/nyc-2.csv",
    ]
    assert claimed(inbox, after(40)) == []
    assert list((folder / ".claimed" / "nyc").iterdir()) == []


def test_a_refused_file_lies_with_its_reason_beside_it(folder, inbox):
    drop(folder, "nyc.csv.gz")
    (delivery,) = inbox.claim(now=after(10))
    moved = inbox.failed(delivery, "nyc.csv.gz: got nothing; expected gzip")
    assert moved.relative_to(folder).as_posix() == "failed/nyc.csv.gz"
    assert (folder / "failed/nyc.csv.gz.error.txt").read_text() == "nyc.csv.gz: got nothing; expected gzip\n"
    assert claimed(inbox, after(60)) == []


def test_names_that_cannot_be_stored_are_made_plain(folder, inbox):
    raw = os.fsencode(folder) + b"/nyc-\xb0\xb8\xbc\xfe\n.csv"  # GB18030 bytes, a line break
    with open(raw, "w") as file:
        file.write("x")
    os.utime(raw, (NOW.timestamp(), NOW.timestamp()))
    drop(folder, "nyc-" + "长" * 82 + ".csv")
    (odd, long) = sorted((each for each in inbox.claim(now=after(10))), key=lambda each: len(each.name))
    assert odd.name.startswith("nyc-") and odd.name.endswith("_.csv") and odd.name.isprintable()
    assert odd.name.encode()
    assert long.name.endswith("长.csv") and len(long.name.encode()) <= 200
    inbox.failed(long, "too long")


WRITER = """
import os, sys, time
folder, count = sys.argv[1], int(sys.argv[2])
for number in range(count):
    path = f"{folder}/nyc-{number % 3}.csv"        # names come again: files are replaced and appended to
    with open(path, "w") as file:
        for line in range(40):
            file.write(f"{number},{line}\\n")
            file.flush()
            if line % 10 == 9:
                time.sleep(0.004)
        file.write(f"{number},end\\n")
    time.sleep(0.003)
"""


def test_no_file_is_ever_read_half_while_a_writer_races_us(folder, monkeypatch):
    """The times are set to nothing, so that only the lease and the claim stand between reader and writer."""
    monkeypatch.setattr(box, "BETWEEN_LOOKS", timedelta(0))
    inbox = Inbox(folder, ["nyc"], at_rest=timedelta(0))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "150"])
    whole, running = 0, True
    while running:
        running = writer.poll() is None
        for delivery in inbox.claim(now=datetime.now(UTC) + timedelta(seconds=1)):
            text = delivery.path.read_text()
            assert text.endswith(",end\n") and text.count("\n") == 41, text[-40:]
            assert len({line.partition(",")[0] for line in text.splitlines()}) == 1
            whole += 1
            inbox.done(delivery, on="2026-03-01")
        time.sleep(0.001)
    assert writer.returncode == 0
    assert whole > 20


def test_without_the_lease_that_race_is_lost(folder, monkeypatch):
    """The control: what the test above shows is the work of the lease."""
    monkeypatch.setattr(box, "BETWEEN_LOOKS", timedelta(0))
    monkeypatch.setattr(box, "being_written", lambda path: False)
    inbox = Inbox(folder, ["nyc"], at_rest=timedelta(0))
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "60"])
    halves = 0
    while writer.poll() is None:
        for delivery in inbox.claim(now=datetime.now(UTC) + timedelta(seconds=1)):
            halves += not delivery.path.read_text().endswith(",end\n")
            inbox.done(delivery, on="2026-03-01")
    assert halves > 0
