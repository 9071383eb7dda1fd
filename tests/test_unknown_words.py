"""Words that a closed list does not know: asked once at the check of a file, then kept with its source."""

import pytest
from test_uploads import uploads, world  # noqa: F401
from uploading import PERSON, csv_of, sent

from data.matching import NEW, Asked
from data.sources.batch import Reject
from data.sources.definition import load_source
from data.unknown_words import MOST, Unknown, closed, sound, unknown_words
from layouts.plain import written
from layouts.upload_ask import UploadAsk, read_ask
from layouts.upload_words import words_card
from layouts.words import load_words

HEADER = ("工单编号", "受理时间", "满意度", "首次联系")
SAID = {("satisfaction", "较满意"): "mostly", ("first_contact", "接通"): "yes"}
ZH = load_words("zh")


def orders(first: int = 0, **changes: str) -> bytes:
    """Ten orders; the words of some changed by their numbers."""
    lines = []
    for n in range(first, first + 10):
        score, first_contact = {0: ("较满意", "是"), 1: ("较满意", "是"), 2: ("满意", "接通")}.get(
            n % 10, ("满意", "是")
        )
        lines.append([f"12345{n:04d}", f"2026-02-{n % 20 + 1:02d} 08:00", score, first_contact])
    return csv_of(lines, HEADER)


def asked(**changes) -> Asked:
    columns = {0: "id", 1: "accepted_at", 2: "satisfaction", 3: "first_contact"}
    return Asked(NEW, columns, name="热线", kind="order", **changes)


def test_a_word_is_said_once_and_kept_with_the_source(world, uploads):  # noqa: F811
    upload = sent(uploads, orders(), "热线.csv")
    first = uploads.check(upload, asked())
    assert (first.ledger.accepted, first.ledger.rejected) == (7, 3)
    found = unknown_words(first.ledger.rejects, {}, "order")
    assert [(one.field, one.word, one.rows) for one in found] == [
        ("satisfaction", "较满意", 2),
        ("first_contact", "接通", 1),
    ]
    told = uploads.check(upload, asked(words=SAID))
    assert (told.ledger.accepted, told.ledger.rejected) == (10, 0)
    assert [one.means for one in unknown_words(told.ledger.rejects, SAID, "order")] == ["mostly", "yes"]
    uploads.store_file(upload, asked(words=SAID), person=PERSON)
    kept = load_source(world.settings.folder / "sources" / "热线.toml")
    assert kept.values["satisfaction"]["较满意"] == "mostly" and kept.values["first_contact"]["接通"] == "yes"
    again = uploads.check(sent(uploads, orders(10), "热线.csv"), Asked())
    assert (again.plan.is_new, again.ledger.accepted, again.ledger.rejected) == (False, 10, 0)


def test_a_source_that_exists_learns_a_word_and_keeps_its_comments(world, uploads):  # noqa: F811
    uploads.store_file(sent(uploads, orders(), "热线.csv"), asked(words=SAID), person=PERSON)
    path = world.settings.folder / "sources" / "热线.toml"
    path.write_text("# ours\n" + path.read_text(encoding="utf-8"), encoding="utf-8")
    strange = orders(20).replace("较满意".encode(), "还可以".encode())
    upload = sent(uploads, strange, "热线.csv")
    assert uploads.check(upload, Asked()).ledger.rejected == 2
    said = Asked(words={("satisfaction", "还可以"): "neutral"})
    checked = uploads.check(upload, said)
    assert checked.plan.is_changed and checked.ledger.rejected == 0
    uploads.store_file(upload, said, person=PERSON)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ours\n")
    assert (
        load_source(path).values["satisfaction"].items() >= {"较满意": "mostly", "还可以": "neutral"}.items()
    )


def test_only_words_of_closed_lists_are_taken():
    told = {
        ("satisfaction", "x"): "no such",
        ("category", "x"): "y",
        ("first_contact", ""): "yes",
        ("first_contact", "x"): "no",
    }
    assert sound(told, "order") == {"first_contact": {"x": "no"}}
    assert {"satisfaction", "first_contact"} <= set(closed("order")) and "id" not in closed("order")


def test_the_most_frequent_come_first_and_a_flood_is_cut():
    rejects = [
        Reject("a.csv", n, "satisfaction", f"w{n % 50:02d}" if n else "w07", "one of x") for n in range(200)
    ]
    found = unknown_words(rejects, {}, "order")
    assert len(found) == MOST and found[0].word == "w07" and found[0].rows == 5
    assert unknown_words([Reject("a.csv", 1, "accepted_at", "x", "a time")], {}, "order") == []


@pytest.mark.parametrize("word", ["较满意", "a.b.c", 'x" onfocus="y', "是&否=?"])
def test_what_was_said_travels_in_the_address(word):
    ask = UploadAsk("t" * 32, Asked(words={("satisfaction", word): "mostly"}))
    assert read_ask("t" * 32, ask.pairs).asked.words == ask.asked.words
    page = written(words_card([Unknown("satisfaction", word, 3, ("mostly", "neutral"))], ZH))
    assert '" onfocus="y"' not in page and "基本满意" in page and "3 行" in page


def test_where_every_word_is_known_there_is_no_card():
    assert words_card([], ZH) == []
