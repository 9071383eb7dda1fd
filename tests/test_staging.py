"""Staged files: each for one person and one day; whatever ends early leaves nothing behind."""

import asyncio
import stat
from datetime import timedelta

import pytest
from uploading import OTHER, PERSON, chunks_of
from world import START

from data.sources.batch import SourceError
from data.staging import KEPT, MOST_OF_ONE, BeingStored, Staging, UnknownUpload, file_name


@pytest.fixture
def staging(tmp_path):
    return Staging(tmp_path)


def send(staging, body=b"a,b\n1,2\n", name="a.csv", person=PERSON, now=START, **options):
    return asyncio.run(staging.receive(person, name, chunks_of(body), now=now, **options))


def left(staging) -> list:
    return list(staging.folder.rglob("*")) if staging.folder.exists() else []


def test_a_file_lies_in_a_folder_that_others_cannot_open(staging):
    upload = send(staging, b"x" * 5000)
    assert upload.path.read_bytes() == b"x" * 5000 and upload.size == 5000
    assert stat.S_IMODE(staging.folder.stat().st_mode) == 0o700
    assert upload.token not in str(upload.folder), "a listing of the folder opens nothing"


def test_a_token_opens_the_file_of_its_own_person_only(staging):
    upload = send(staging)
    assert staging.find(upload.token, PERSON, now=START).path.read_bytes() == b"a,b\n1,2\n"
    wrong = (upload.token[:-1], "x" * 32, "../" * 10 + "xx", "", upload.token + "\n")
    for token, person in ((upload.token, OTHER), *((token, PERSON) for token in wrong)):
        with pytest.raises(UnknownUpload):
            staging.find(token, person, now=START)


def test_a_day_later_it_is_over_and_swept(staging):
    old, young = send(staging), send(staging, now=START + timedelta(hours=2))
    later = START + KEPT + timedelta(hours=1)
    with pytest.raises(UnknownUpload):
        staging.find(old.token, PERSON, now=later)
    assert staging.sweep(now=later) == 1
    assert not old.folder.exists() and young.folder.exists()
    assert staging.sweep(now=later) == 0


@pytest.mark.parametrize("body", [b"", b"x" * 5001], ids=["empty", "too large"])
def test_what_is_refused_leaves_nothing_behind(staging, body):
    with pytest.raises(SourceError, match=r"got .*; expected"):
        send(staging, body, largest=5000)
    assert left(staging) == []


def test_a_connection_that_breaks_leaves_nothing_behind(staging):
    async def broken():
        yield b"a,b\n"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        asyncio.run(staging.receive(PERSON, "a.csv", broken(), now=START))
    assert left(staging) == []


def test_of_many_files_of_one_person_the_oldest_go(staging):
    theirs = send(staging, person=OTHER)
    mine = [send(staging, now=START + timedelta(minutes=n)) for n in range(MOST_OF_ONE + 2)]
    assert [one.folder.exists() for one in mine] == [False, False, *[True] * MOST_OF_ONE]
    assert theirs.folder.exists()


def test_once_stored_the_file_is_gone_and_what_is_known_of_it_stays(staging):
    upload = send(staging)
    upload.keep("result", {"read": 1})
    upload.stored()
    found = staging.find(upload.token, PERSON, now=START)
    assert found.state == "stored" and not found.path.exists()
    assert found.kept("result") == {"read": 1} and found.kept("nothing") is None


def test_two_cannot_store_it_at_once(staging):
    upload = send(staging)
    with upload.claimed(), pytest.raises(BeingStored), upload.claimed():
        pass
    with upload.claimed():
        pass


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("案件.xlsx", "案件.xlsx"), ("C:\\data\\a.csv", "a.csv"), ("../../etc/passwd", "passwd"), ("..", "file"),
        ("", "file"), ("a\nb\0.csv", "a_b_.csv"), ("/", "file"), (".hidden.csv", "hidden.csv"), (" x.csv ", "x.csv"),
    ],
)  # fmt: skip
def test_a_name_is_only_a_name(given, kept):
    assert file_name(given) == kept
    assert len(file_name("表" * 400 + ".csv").encode()) <= 200
