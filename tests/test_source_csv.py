"""CSV of every sort: encodings, headers, furniture, ragged rows, quotes; nothing is lost."""

import gzip
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest
from source_files import CASES, HEADER, NOW, ROW, declare, read, write

from data.sources import reading
from data.sources.batch import SourceError
from data.sources.gates import DELIVERY
from data.sources.reading import read_batches
from data.sources.sandbox import batches_apart


def test_one_row_becomes_a_fact(tmp_path):
    frame, rejects, notes = read(declare(tmp_path), write(tmp_path, f"{HEADER}\n{ROW}\n"))
    row = frame.iloc[0]
    assert row["key"] == "A1"
    assert row["reported_at"] == pd.Timestamp("2025-01-01T01:00:00Z")
    assert (row["lon"], row["lat"]) == (121.5001, 31.2001)
    assert (row["flags"], row["file"], row["row"]) == ("", "cases.csv", 2)
    assert not rejects
    assert not notes
    assert list(frame) == [
        "key",
        "category",
        "reported_at",
        "closed_at",
        "lon",
        "lat",
        "given_lon",
        "given_lat",
        "flags",
        "file",
        "row",
    ]
    assert frame["reported_at"].dtype == "datetime64[us, UTC]"
    assert frame["category"].dtype == "str"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_give_equal_facts(tmp_path, encoding, end):
    text = f'{HEADER}\n{ROW}\nA2,"多行\n类别",2025-01-02,,,\n'.replace("\n", end)
    frame, rejects, _ = read(declare(tmp_path), write(tmp_path, text, encoding=encoding))
    assert frame["key"].tolist() == ["A1", "A2"]
    assert frame["category"][0] == "市容"
    assert frame["category"][1].split() == ["多行", "类别"]
    assert frame["row"].tolist() == [2, 3]
    assert not rejects


def test_rare_characters_of_gb18030_are_read(tmp_path):
    text = f"{HEADER}\nA1,䶮𠮷路,2025-01-01,,,\n"
    frame, _, _ = read(declare(tmp_path), write(tmp_path, text, encoding="gb18030"))
    assert frame["category"].tolist() == ["䶮𠮷路"]
    declared = declare(tmp_path, CASES.replace("[fields]", 'encoding = "GBK"\n[fields]'))
    assert read(declared, tmp_path / "cases.csv")[0]["category"].tolist() == ["䶮𠮷路"]


def test_a_declared_encoding_is_used(tmp_path):
    source = declare(tmp_path, CASES.replace("[fields]", 'encoding = "utf-16"\n[fields]'))
    frame, _, _ = read(source, write(tmp_path, f"{HEADER}\n{ROW}\n", encoding="utf-16"))
    assert frame["category"].tolist() == ["市容"]
    with pytest.raises(SourceError, match=r"cases.csv: got bytes after line 1 that are not utf-16"):
        read(source, write(tmp_path, f"{HEADER}\n{ROW}\n, "))


def test_bytes_of_no_encoding_are_refused(tmp_path):
    path = tmp_path / "cases.csv"
    path.write_bytes(HEADER.encode() + b"\n\xff\xff\xff\n")
    with pytest.raises(SourceError, match="neither UTF-8 nor GB18030"):
        read(declare(tmp_path), path)


def test_gzip_is_read_and_a_cut_one_refused(tmp_path):
    packed = gzip.compress(f"{HEADER}\n{ROW}\n".encode())
    (tmp_path / "cases.csv.gz").write_bytes(packed)
    assert len(read(declare(tmp_path), tmp_path / "cases.csv.gz")[0]) == 1
    (tmp_path / "cut.csv.gz").write_bytes(packed[:-12])
    with pytest.raises(SourceError, match=r"cut.csv.gz: got gzip data that is cut short"):
        read(declare(tmp_path), tmp_path / "cut.csv.gz")


def test_a_gzip_bomb_is_refused(tmp_path):
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"a," * (40 << 20), 9))
    with pytest.raises(SourceError, match=r"bomb.csv.gz: got more than 64 MB of text"):
        read(declare(tmp_path), tmp_path / "bomb.csv.gz")


def test_what_is_no_file_of_rows_is_refused(tmp_path):
    source = declare(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    for path, message in (
        (tmp_path / "folder.csv", "folder.csv: got a directory; expected a file"),
        (tmp_path / "gone.csv", "gone.csv: got no such file"),
        (write(tmp_path, "", name="empty.csv"), "empty.csv: got an empty file of 0 bytes"),
        (write(tmp_path, "\n\n \n", name="blank.csv"), "blank.csv: got blank rows only; expected a header"),
        (
            write(tmp_path, "a,b\n1,2\n", name="other.csv"),
            r"other.csv row 1: id: got no column '编号'; expected it among",
        ),
        (
            write(tmp_path, HEADER.replace("类别", "编号") + "\n", name="twice.csv"),
            "got the column '编号' 2 times",
        ),
        (write(tmp_path, HEADER + "\n1,2\n" + ",".join("x" * 3000), name="short.csv"), None),
        (write(tmp_path, ",".join(["编号"] * 3000), name="wide.csv"), "wide.csv row 1: got 3,000 columns"),
    ):
        if message:
            with pytest.raises(SourceError, match=message) as caught:
                read_batches(source, [path], now=NOW)
            assert "\n" not in str(caught.value)


def test_a_second_file_is_checked_before_the_first_is_read(tmp_path):
    good, bad = write(tmp_path, f"{HEADER}\n{ROW}\n"), write(tmp_path, "a\n", name="bad.csv")
    with pytest.raises(SourceError, match=r"bad\.csv"):
        read_batches(declare(tmp_path), [good, bad], now=NOW)


def test_a_header_alone_is_no_rows(tmp_path):
    for text in (HEADER, HEADER + "\n", HEADER + "\r\n"):
        frame, rejects, notes = read(declare(tmp_path), write(tmp_path, text))
        assert (len(frame), len(rejects), len(notes)) == (0, 0, 0)


def test_the_header_is_found_below_titles_and_its_spelling_forgiven(tmp_path):
    header = " 编 号：,类别（大类）,上报_时间,结案-时间,【经度】,纬 度"
    source = declare(tmp_path, CASES.replace('"类别"', '["类别大类", "类别"]'))
    frame, _, _ = read(source, write(tmp_path, f"2025年案件表,,,,,\n,,,,,\n{header}\n{ROW}\n"))
    assert frame["category"].tolist() == ["市容"]
    assert frame["row"].tolist() == [4]


def test_a_header_with_line_breaks_and_a_declared_header_row(tmp_path):
    text = f'{HEADER}\nold,old,2025-01-01,,,\n编号,"类\n别",上报时间,结案时间,经度,纬度\n{ROW}\n'
    source = declare(tmp_path, CASES.replace("[fields]", "header = 3\n[fields]"))
    frame, _, _ = read(source, write(tmp_path, text))
    assert frame["key"].tolist() == ["A1"]
    assert frame["row"].tolist() == [4]
    with pytest.raises(SourceError, match="expected the header in row 3"):
        read(source, write(tmp_path, f"{HEADER}\n"))


def test_totals_blanks_and_repeated_headers_are_dropped_and_counted(tmp_path):
    text = f"{HEADER}\n{ROW}\n\n,,,,,\n{HEADER}\nA2,x,2025-01-02,,,\n合 计：,2,,,,\n市容小计,1,,,,\nTotal,3,,,,\n"
    frame, rejects, notes = read(declare(tmp_path), write(tmp_path, text))
    assert frame["row"].tolist() == [2, 6]
    assert notes["blank_rows"] == 2
    assert notes["repeated_headers"] == 1
    assert notes["total_rows"] == 3
    assert not rejects


def test_a_case_named_like_a_total_is_kept(tmp_path):
    frame, _, notes = read(declare(tmp_path), write(tmp_path, f"{HEADER}\n合计,总计,2025-01-01,,,\n"))
    assert frame["key"].tolist() == ["合计"]
    assert not notes["total_rows"]


def test_ragged_rows_are_rejects_under_their_own_number(tmp_path):
    text = f'{HEADER}\n{ROW}\n\nA2,x\n"A\n3",x,2025-01-02,,,\nA4,x,2025-01-02,,,,,\n{ROW}\n'
    frame, rejects, _ = read(declare(tmp_path), write(tmp_path, text))
    assert frame["row"].tolist() == [2, 5, 7]
    assert [(reject.row, reject.value) for reject in rejects] == [(4, "2 cells"), (6, "8 cells")]
    assert str(rejects[0]) == "cases.csv row 4: got '2 cells'; expected 6 cells as in the header"


def test_row_numbers_hold_over_many_blocks(tmp_path):
    lines = [HEADER]
    for number in range(2, 60_002):
        bad = number % 7_001 == 0
        lines.append(f"K{number},x" if bad else f"K{number},{'类' * 20},2025-01-02,,,")
    path = write(tmp_path, "\n".join(lines) + "\n")
    frame, rejects, _ = read(declare(tmp_path), path, limit=7_000)
    assert (frame["key"] == "K" + frame["row"].astype(str)).all()
    assert [reject.row for reject in rejects] == list(range(7_001, 60_002, 7_001))
    assert len(frame) + len(rejects) == 60_000


def test_memory_stays_at_a_batch_whatever_the_size_of_the_file(tmp_path):
    path = tmp_path / "cases.csv"
    line = f"{'K' * 60},{'类' * 60},2025-01-02,2025-01-03,121.5001,31.2001\n"
    path.write_text(HEADER + "\n" + line * 100_000, encoding="utf-8")
    most = rows = 0
    before = pa.total_allocated_bytes()
    for batch in read_batches(declare(tmp_path), [path], now=NOW, limit=5_000):
        rows += batch.read
        most = max(most, pa.total_allocated_bytes() - before)
    assert rows == 100_000
    assert path.stat().st_size > 25_000_000
    assert most < 12_000_000


def test_long_text_is_parsed_beside_and_reads_equal(tmp_path, monkeypatch):
    rows = "".join(f"A{n},市容,2025-01-01 09:00,2025-01-01 10:00,121.5,31.2\n" for n in range(3_000))
    path = write(tmp_path, f"{HEADER}\n{rows}A3000,市容,never,,,\n")
    here = read(declare(tmp_path), path)
    apart = []
    monkeypatch.setattr(reading, "batches_apart", lambda *a, **k: apart.append(k) or batches_apart(*a, **k))
    monkeypatch.setattr(reading, "LONG", 1_000)
    beside = read(declare(tmp_path), path)
    assert len(apart) == 1 and apart[0]["follow"]
    pd.testing.assert_frame_equal(here[0], beside[0])
    assert (here[1], here[2]) == (beside[1], beside[2])
    monkeypatch.setattr(reading, "DELIVERY", replace(DELIVERY, size=2_000))  # a child would not take it
    assert len(read(declare(tmp_path), path)[0]) == 3_000 and len(apart) == 1


def test_a_quote_never_closed_refuses_the_file_and_a_stray_one_does_not(tmp_path):
    source = declare(tmp_path)
    swallowed = f'{HEADER}\n{ROW}\nA2,"x,2025-01-02,,,\n' + f"{ROW}\n" * 5
    with pytest.raises(SourceError, match=r"cases.csv row 3: got a quote that is never closed"):
        read_batches(source, [write(tmp_path, swallowed)], now=NOW)
    frame, rejects, _ = read(source, write(tmp_path, f'{HEADER}\nA2,5" pipe,2025-01-02,,,\n{ROW}\n'))
    assert frame["category"].tolist() == ['5" pipe', "市容"]
    assert not rejects
