"""What values look like, personal ones among them; and real exports against what a careful person declared."""

import pandas as pd
import pytest
from source_files import DECLARED, read

from data.sources.definition import load_source, source_of
from data.sources.drafting import draft, usual
from data.sources.looks import look_at, mask
from data.sources.recognise import examine

# What values look like


@pytest.mark.parametrize(
    ("values", "name", "form"),
    [
        (["2025-01-01", "2025/1/2 8:00"], "time", ""),
        (["13/01/2025", "02/01/2025"], "day_order", "%d/%m/%Y"),
        (["01/13/2025 08:00", "02/01/2025 09:30"], "day_order", "%m/%d/%Y %H:%M"),
        (["01.02.2025"], "day_order", ""),
        (["121.5251", "121.4"], "number", ""),
        (["121.5251", "121.4001"], "longitude", ""),
        (["31.2851", "30.9001"], "latitude", ""),
        (["是", "否", ""], "yesno", ""),
        (["沪A·12345", "沪AD12345"], "plate", ""),
        (["310110199001011234"], "person_id", ""),
        (["138 1234 5678", "021-65123456"], "phone", ""),
        (["SH2025001", "SH2025002"], "code", ""),
        (["市容", "市容", "设施"], "words", ""),
        (["", " "], "", ""),
    ],
)  # fmt: skip
def test_looks(values, name, form):
    found = look_at(values)
    assert (found.name, found.format) == (name, form)


@pytest.mark.parametrize(
    ("text", "look", "personal", "shown"),
    [
        ("13812345678", "phone", True, "138****5678"),
        ("王大明", "words", True, "王**"),
        ("310110199001011234", "person_id", True, "3**"),
        ("延吉中路75弄12号501室", "text", True, "延吉中路75…"),
        ("王先生电话13812345678求助", "text", False, "王先生电话***求助"),
        ("市容环境", "words", False, "市容环境"),
    ],
)
def test_masks(text, look, personal, shown):
    assert mask(text, look=look, personal=personal) == shown


# Real exports


@pytest.mark.real
@pytest.mark.parametrize(
    ("file", "declared", "zone", "crs"),
    [
        (
            "pingshan_cases/pingshan_cases_2018-02_2018-10_gb18030.csv",
            "pingshan_gb18030",
            "Asia/Shanghai",
            "",
        ),
        ("pingshan_cases/pingshan_cases_2018-02_2018-10.csv.gz", "pingshan_utf8", "Asia/Shanghai", ""),
        ("nyc311/nyc311_2026_weekly_100k.csv.gz", "nyc311", "America/New_York", "EPSG:4326"),
        ("parking/birmingham_2016.csv.gz", "birmingham", "Europe/London", ""),
    ],
)
def test_a_drafted_source_finds_what_a_careful_person_declared(
    tmp_path, real_data, file, declared, zone, crs
):
    """Same keys and times as by the declaration written by hand, from a file nobody explained."""
    path = real_data / file
    found = examine(path, {})
    text = draft(found, usual(found, name="made", timezone=zone, crs=crs))
    careful = load_source(DECLARED / f"{declared}.toml")
    source = source_of("made", text.encode())
    assert source.kind == careful.kind
    mine, rejects, _ = read(source, path)
    other, _, _ = read(careful, path)
    refused = {reject.row for reject in rejects}
    assert len(refused) <= 12  # readings below zero, for which the careful person has a rule
    other = other[~other["row"].isin(refused)].reset_index(drop=True)
    compared = {"key", "reported_at", "closed_at", "observed_at", "occupied", "lon", "lat", "on_time"}
    both = [name for name in other if name in compared]
    assert len(both) >= 3
    pd.testing.assert_frame_equal(mine[both], other[both])
