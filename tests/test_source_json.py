"""JSON, JSON lines and GeoJSON: records as text, numbers as written, strict about what is no JSON."""

import gzip
import json

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from source_files import declare, read, write

from data.sources.batch import SourceError

DECLARATION = """
kind = "case"
format = "json"
timezone = "UTC"
crs = "EPSG:4326"
[fields]
id = "id"
category = "kind.name"
forced = "forced"
reported_at = "at"
closed_at = "closed"
lon = { column = "place.coordinates", part = 1 }
lat = { column = "place.coordinates", part = 2 }
"""
RECORD = {"id": 1, "at": "2025-01-01", "kind": {"name": "x"}, "place": {"coordinates": [121.5001, 31.2001]}}


@pytest.mark.parametrize(
    "document",
    [
        [RECORD],
        {"data": [RECORD]},
        {"meta": {"n": 1, "tags": ["a"]}, "result": {"items": [RECORD], "total": 1}},
    ],
)
def test_records_are_found(tmp_path, document):
    frame, rejects, notes = read(
        declare(tmp_path, DECLARATION), write(tmp_path, json.dumps(document), name="a.json")
    )
    assert not rejects
    assert frame["key"].tolist() == ["1"]
    assert frame["category"].tolist() == ["x"]
    assert (frame["lon"][0], frame["lat"][0]) == (121.5001, 31.2001)
    assert frame["row"].tolist() == [1]
    assert notes == {"absent_column:closed": 1, "absent_column:forced": 1}


def test_numbers_keep_their_digits_and_types_are_understood(tmp_path):
    text = (
        '[{"id": 12345678901234567890123, "at": "2025-01-01", "forced": true, "place": null, "closed": null}]'
    )
    frame, _, _ = read(declare(tmp_path, DECLARATION), write(tmp_path, text, name="a.json"))
    assert frame["key"].tolist() == ["12345678901234567890123"]
    assert frame["forced"].tolist() == [True]
    assert pd.isna(frame["closed_at"][0])


def test_lines_stream_and_a_bad_line_is_a_reject(tmp_path):
    lines = [json.dumps(RECORD), "", '{"id": 2, "at": 01}', "[1]", json.dumps({**RECORD, "id": 5})]
    path = tmp_path / "a.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    frame, rejects, _ = read(declare(tmp_path, DECLARATION), path, limit=2)
    assert frame["row"].tolist() == [1, 5]
    assert [(reject.row, reject.rule) for reject in rejects] == [
        (3, "one JSON object a line"),
        (4, "a record (an object)"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[{"id": 007}]', "a.json line 1 column 10: got expecting ',' delimiter; expected JSON"),
        ('[{"id": 1},\n {"id": }]', "a.json line 2 column 9: got expecting value; expected JSON"),
        ("[" * 100_000, "a.json: got JSON nested too deep"),
        ("7", "a.json: got a single value; expected a list of records"),
        ('{"a": 1}', "a.json: got an object without a list; expected one list of records"),
        ('{"a": [{}], "b": [{}]}', "a.json: got lists at a, b; expected one list of records"),
        (
            '[{"id": 1, "when": "2025"}]',
            "a.json: reported_at: got no column 'at'; expected it among: id, when",
        ),
    ],
)
def test_what_is_no_list_of_records_is_refused_with_its_place(tmp_path, text, message):
    with pytest.raises(SourceError) as caught:
        read(declare(tmp_path, DECLARATION), write(tmp_path, text, name="a.json"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_records_that_cannot_be_stored_are_rejects(tmp_path):
    records = [
        '{"id": "a\\u0000b", "at": "2025-01-01"}',
        '{"id": "\\ud800", "at": "2025-01-01"}',
        '{"id": "c", "id": "d", "at": "2025-01-01"}',
        '{"id": "e", "at": NaN}',
        "7",
        '{"id": "f", "at": "2025-01-01", "place": {"coordinates": [NaN, Infinity]}}',
        "{}",
    ]
    path = write(tmp_path, f"[{', '.join(records)}]", name="a.json")
    frame, rejects, notes = read(declare(tmp_path, DECLARATION), path)
    assert frame["key"].tolist() == ["f"]
    assert [(reject.row, reject.field) for reject in rejects] == [
        (1, "id"), (2, "id"), (3, "id"), (4, "reported_at"), (5, ""), (7, "id")
    ]  # fmt: skip
    assert notes["coordinates_missing"] == 1


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "coordinates"]), inner)
    ),
    max_leaves=6,
)
record = st.dictionaries(st.sampled_from(["id", "at", "kind", "place", "closed", "forced", "z"]), values)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.lists(st.one_of(record, values), max_size=8))
def test_any_list_is_read_whole_or_refused_on_one_line(tmp_path, records):
    path = write(tmp_path, json.dumps(records), name="a.json")
    try:
        frame, rejects, _ = read(declare(tmp_path, DECLARATION), path)
    except SourceError as error:
        assert "\n" not in str(error)
    else:
        assert len(frame) + len(rejects) == len(records)


GEO = """
kind = "case"
format = "geojson"
timezone = "UTC"
[fields]
id = "feature.id"
category = "kind"
reported_at = "at"
"""


def feature(number, geometry, **properties):
    return {
        "type": "Feature",
        "id": number,
        "properties": {"at": "2025-01-01", **properties},
        "geometry": geometry,
    }


def test_geojson_points_and_what_is_none(tmp_path):
    features = [
        feature(1, {"type": "Point", "coordinates": [121.5001, 31.2001, 4]}, kind="x"),
        feature(2, None),
        feature(3, {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}),
        feature(4, {"type": "MultiPoint", "coordinates": [[121.6001, 31.3001]]}),
        7,
    ]
    text = json.dumps({"type": "FeatureCollection", "features": features})
    frame, rejects, notes = read(declare(tmp_path, GEO), write(tmp_path, text, name="a.geojson"))
    assert frame["key"].tolist() == ["1", "2", "3", "4"]
    assert frame["lon"].tolist()[::3] == [121.5001, 121.6001]
    assert frame["lon"].isna().tolist() == [False, True, True, False]
    assert [reject.row for reject in rejects] == [5]
    assert (notes["geometry_not_a_point"], notes["coordinates_missing"]) == (1, 2)


def test_what_is_no_feature_collection_is_refused(tmp_path):
    for text, message in (
        ("{}", "got no list of features"),
        ("[]", "got no list of features"),
        ("", "got an empty file of 0 bytes"),
    ):
        with pytest.raises(SourceError, match=message):
            read(declare(tmp_path, GEO), write(tmp_path, text, name="a.geojson"))
