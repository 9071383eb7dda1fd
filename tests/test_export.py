"""Files we write: both CSV flavours, XLSX, Parquet, GeoJSON, the manifest, and the moment a file appears."""

import gzip
import hashlib
import io
import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from exported import AT, SHANGHAI, cases, column, read_csv
from fakes_export import QUERY, FakeReader
from hypothesis import given
from hypothesis import strategies as st
from pandas import DataFrame

from data import factlist
from data.export import ExportError, write_export
from data.export_columns import ExportColumn, columns_of
from data.export_text import iso_times
from data.instants import EPOCH, micros
from data.schema import SUBJECTS

# CSV


def test_excel_flavour_is_what_excel_opens(tmp_path):
    reader = cases(
        id=["007"],
        reported_at=[AT],
        address=["延吉路 1 号,乙\n室"],
        suspensions=[2],
        lon=[-121.5],
        forced=[True],
    )
    write_export(reader, "cases", QUERY, tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfid,source,category")
    assert raw.count(b"\r\n") == 2
    assert raw.endswith(b"\r\n")
    assert b'="' not in raw
    assert b"\t" not in raw
    head, row = read_csv(tmp_path / "a.csv", "utf-8-sig")
    cells = dict(zip(head, row, strict=True))
    assert cells["id"] == "'007"
    assert cells["reported_at"] == "2026-11-01 08:30:00"
    assert cells["address"] == "延吉路 1 号,乙\n室"
    assert (cells["suspensions"], cells["lon"], cells["forced"]) == ("2", "-121.5", "true")
    assert cells["closed_at"] == ""


def test_machine_flavour_alters_nothing(tmp_path):
    reader = cases(id=["007", "=1"], reported_at=[AT, AT + 1], address=["a\r\nb", "\x00"])
    write_export(reader, "cases", QUERY, tmp_path / "a.csv", flavour="machine")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"id,source,")
    assert raw.count(b"\r\n") == 1  # the one inside the cell
    assert column(tmp_path / "a.csv", "id") == ["007", "=1"]
    assert column(tmp_path / "a.csv", "address") == ["a\r\nb", "\x00"]
    assert column(tmp_path / "a.csv", "reported_at") == [
        "2026-11-01T08:30:00+08:00", "2026-11-01T08:30:00.000001+08:00",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "utc", "expected"),
    [
        ("America/New_York", "2026-11-01T05:30:00+00:00", "2026-11-01T01:30:00-04:00"),
        ("America/New_York", "2026-11-01T06:30:00+00:00", "2026-11-01T01:30:00-05:00"),
        ("Asia/Kolkata", "2026-11-01T00:00:00+00:00", "2026-11-01T05:30:00+05:30"),
        ("Asia/Shanghai", "1899-12-31T15:54:17+00:00", "1900-01-01T00:00:00+08:05:43"),
    ],
)
def test_offsets_are_those_of_the_instant(zone, utc, expected):
    instants = pa.array([micros(datetime.fromisoformat(utc)), None], pa.timestamp("us", tz="UTC"))
    assert iso_times(instants, ZoneInfo(zone)).to_pylist() == [expected, None]


def test_machine_times_in_one_file_may_have_different_offsets(tmp_path):
    moments = [micros(datetime.fromisoformat(f"2026-{month}-15T12:00:00+00:00")) for month in ("01", "07")]
    reader = FakeReader(DataFrame({"id": ["a", "b"], "reported_at": moments}), zone="Europe/Berlin")
    write_export(reader, "cases", QUERY, tmp_path / "a.csv", flavour="machine")
    assert [text[-6:] for text in column(tmp_path / "a.csv", "reported_at")] == ["+01:00", "+02:00"]


def test_gzip_holds_the_same_bytes_and_is_itself_reproducible(tmp_path):
    reader = cases(id=["1", "2"], reported_at=[AT, AT])
    for name in ("a.csv", "b.csv.gz", "c.csv.gz"):
        write_export(reader, "cases", QUERY, tmp_path / name, flavour="machine")
    packed = (tmp_path / "b.csv.gz").read_bytes()
    assert gzip.decompress(packed) == (tmp_path / "a.csv").read_bytes()
    assert packed == (tmp_path / "c.csv.gz").read_bytes()


@given(
    rows=st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs"])),
            st.integers(-(2**31), 2**31) | st.none(),
            st.floats(allow_nan=False, allow_infinity=False) | st.none(),
            st.datetimes(datetime(1900, 1, 2), datetime(2100, 1, 1)) | st.none(),
        ),
        min_size=1,
        max_size=60,
    )
)
def test_machine_csv_reads_back_as_it_was(rows, tmp_path_factory):
    texts, counts, numbers, times = zip(*rows, strict=True)
    instants = [None if time is None else micros(time.replace(tzinfo=EPOCH.tzinfo)) for time in times]
    reader = cases(id=list(texts), suspensions=counts, lon=numbers, reported_at=instants)
    path = tmp_path_factory.mktemp("round") / "a.csv"
    write_export(reader, "cases", QUERY, path, flavour="machine")
    assert column(path, "id") == list(texts)
    assert [int(cell) if cell else None for cell in column(path, "suspensions")] == list(counts)
    assert [float(cell) if cell else None for cell in column(path, "lon")] == list(numbers)
    found = [micros(datetime.fromisoformat(cell)) if cell else None for cell in column(path, "reported_at")]
    assert found == instants


# Manifest and appearance


def test_manifest_says_what_the_file_is(tmp_path):
    reader = cases(id=["1", "2"], reported_at=[AT, AT])
    path = tmp_path / "a.csv"
    manifest = write_export(reader, "cases", QUERY, path, filters={"status": "open"})
    written = json.loads((tmp_path / "a.csv.manifest.json").read_text(encoding="utf-8"))
    assert written == json.loads(json.dumps(manifest.as_json()))
    assert written["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert written["bytes"] == path.stat().st_size
    assert written["rows"] == 2
    assert [entry["name"] for entry in written["columns"]] == read_csv(path, "utf-8-sig")[0]
    assert written["query"]["from"] == "2026-01-01"
    assert written["query"]["filters"] == {"status": "open"}
    assert written["boundary_version"] == {
        "tree": "grid",
        "id": 2,
        "fingerprint": "f",
        "valid_from": "2024-10-04",
    }
    assert (written["generation"], written["load"]) == (7, 9)
    assert written["time_zone"] == "Asia/Shanghai"
    assert written["as_of"] == "2026-09-21T22:13:20+08:00"
    assert written["written_at"] == "2026-11-23T12:00:00+08:00"
    assert written["scope"]["units"] == ["A1"]
    assert written["program_version"]


def test_rows_are_those_known_when_the_export_began(tmp_path):
    reader = cases(id=["1"])
    write_export(reader, "cases", QUERY, tmp_path / "a.csv")
    assert reader.asked[0][1].as_of == 1_790_000_000_000_000
    write_export(reader, "cases", QUERY.asking(as_of=5), tmp_path / "a.csv")
    assert reader.asked[1][1].as_of == 5


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.xlsx", "a.parquet", "a.geojson"])
def test_a_file_appears_only_when_complete(tmp_path, name):
    class Failing(FakeReader):
        def fact_chunks(self, *arguments, **options):
            yield from super().fact_chunks(*arguments, **options)
            assert not (tmp_path / name).exists() or (tmp_path / name).read_bytes() == b"old"
            raise RuntimeError("the store went away")

    for before in (None, b"old"):
        if before:
            (tmp_path / name).write_bytes(before)
        with pytest.raises(RuntimeError, match="went away"):
            write_export(Failing(DataFrame({"id": ["1"]})), "cases", QUERY, tmp_path / name)
        assert [path.name for path in tmp_path.iterdir()] == ([name] if before else [])
        assert before is None or (tmp_path / name).read_bytes() == before


def test_progress_counts_rows(tmp_path):
    seen = []
    count = 20_000
    reader = cases(id=[str(number) for number in range(count)])
    manifest = write_export(reader, "cases", QUERY, tmp_path / "a.csv", progress=seen.append)
    assert manifest.rows == count
    assert seen == [8_000, 16_000, 20_000]


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.xlsx", "a.parquet", "a.geojson"])
def test_no_rows_still_make_a_whole_file(tmp_path, name):
    manifest = write_export(cases(id=[]), "cases", QUERY, tmp_path / name)
    assert manifest.rows == 0
    assert (tmp_path / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("subject", "name", "flavour", "message"),
    [
        ("cases", "a.txt", "excel", "a.txt: got '.txt'; expected one of .csv"),
        ("cases", "none/a.csv", "excel", "expected a file in a folder that exists"),
        ("people", "a.csv", "excel", "subject: got 'people'; expected one of cases"),
        ("cases", "a.csv", "pretty", "flavour: got 'pretty'; expected excel or machine"),
    ],
)
def test_refusals_are_one_plain_line(tmp_path, subject, name, flavour, message):
    with pytest.raises(ExportError, match=re.escape(message)) as caught:
        write_export(cases(id=[]), subject, QUERY, tmp_path / name, flavour=flavour)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_sealed_columns_never_leave_and_every_column_has_a_meaning():
    class Careless(FakeReader):
        def fact_columns(self, subject):
            sealed = factlist.SEALED.get(subject, ())
            return (*super().fact_columns(subject), *(factlist.FactColumn(name, "text") for name in sealed))

    reader = Careless(DataFrame())
    for subject in (*SUBJECTS, "measures"):
        columns = columns_of(reader, subject)
        assert not {one.name for one in columns} & set(factlist.SEALED.get(subject, ()))
        assert all(one.meaning for one in columns)


def test_memory_of_a_csv_writer_is_that_of_a_chunk():
    """Nothing is kept between chunks: the stream has taken all bytes when `write` returns."""
    from data.export_csv import CsvFile

    stream = io.BytesIO()
    writer = CsvFile(stream, (ExportColumn("id", "id", "number"),), ["id"], flavour="machine", zone=SHANGHAI)
    sizes = []
    for _ in range(3):
        writer.write(DataFrame({"id": ["x" * 100] * 10}))
        sizes.append(len(stream.getvalue()))
    assert sizes == [3 + 1030, 3 + 2060, 3 + 3090]
