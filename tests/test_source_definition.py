"""A declaration is read strictly: what is unknown is refused by name, on one line."""

from zoneinfo import ZoneInfo

import pytest
from source_files import CASES, DECLARED, declare

from data.sources.batch import SourceError
from data.sources.definition import load_source, load_sources

WHOLE = """
kind = "case"
format = "csv"
encoding = "auto"
timezone = "America/New_York"
crs = "EPSG:4326"
every = "15 min"
header = "auto"
delivery = "delta"
drop = ["姓名"]
sealed = ["联系电话"]

[fields]
id = "unique_key"
category = ["complaint_type", "descriptor"]
status = "state"
reported_at = { column = "created_date", format = "ISO" }
closed_at = "closed_date"
lon = "longitude"
lat = "latitude"
unit_hint = ["community", "borough"]

[values.status]
"已结案" = "closed"

[missing]
lon = ["0", "-77.0"]

[rules]
lon = { min = -180, max = 180, else = "reject" }
"""

ORDERS = 'kind = "order"\nformat = "csv"\ntimezone = "UTC"\n[fields]\nid = "i"\naccepted_at = "a"\n'


def test_every_key_of_the_contract_is_read(tmp_path):
    source = declare(tmp_path, WHOLE, name="nyc")
    assert (source.name, source.kind, source.format, source.delivery) == ("nyc", "case", "csv", "delta")
    assert source.timezone == ZoneInfo("America/New_York")
    assert source.every_minutes == 15
    assert source.header is None
    assert source.drop == ("姓名",)
    assert source.sealed == ("联系电话",) == source.extra
    assert source.by_field["category"].columns == ("complaint_type", "descriptor")
    assert source.by_field["reported_at"].format == "iso"
    assert source.by_field["unit_hint"].columns == ("community",)
    assert source.by_field["unit_hint_2"].columns == ("borough",)
    assert source.values == {"status": {"已结案": "closed"}}
    assert source.missing == {"lon": frozenset({"0", "-77.0"})}
    assert source.rules["lon"].maximum == 180
    assert source.text == WHOLE
    assert len(source.sha256) == 64


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'kind = "case"',
            'kind = "case"\ncolour = "red"',
            "cases.toml: colour: got 'red'; expected one of kind",
        ),
        ('kind = "case"', 'kind = "event"', "cases.toml: kind: got 'event'; expected one of case, order"),
        ('kind = "case"', "", "cases.toml: kind: got nothing; expected a text"),
        ('format = "csv"', 'format = "ods"', "format: got 'ods'; expected one of csv, xlsx"),
        ("Asia/Shanghai", "Asia/Shangai", "timezone: got 'Asia/Shangai'; expected a zone such as"),
        ("Asia/Shanghai", "Asia", "timezone: got 'Asia'; expected a zone"),
        ("Asia/Shanghai", "../../etc/passwd", "timezone: got '../../etc/passwd'; expected a zone"),
        ('timezone = "Asia/Shanghai"', "", "timezone: got nothing"),
        ("EPSG:4326", "EPSG:999999", "crs: got 'EPSG:999999'; expected a coordinate system"),
        ('crs = "EPSG:4326"', "", "crs: got nothing; expected a text"),
        (
            'crs = "EPSG:4326"',
            'crs = "EPSG:4326"\nencoding = "utf-9"',
            "encoding: got 'utf-9'; expected auto",
        ),
        ('crs = "EPSG:4326"', 'crs = "EPSG:4326"\nencoding = "hex"', "encoding: got 'hex'; expected auto"),
        ('crs = "EPSG:4326"', 'crs = "EPSG:4326"\nevery = "often"', "every: got 'often'; expected a rhythm"),
        ('crs = "EPSG:4326"', 'crs = "EPSG:4326"\nevery = "0 min"', "every: got '0 min'; expected a rhythm"),
        (
            'crs = "EPSG:4326"',
            'crs = "EPSG:4326"\nheader = 0',
            "header: got 0; expected a whole number from 1",
        ),
        ('crs = "EPSG:4326"', 'crs = "EPSG:4326"\nheader = true', "header: got True; expected a text"),
        (
            'crs = "EPSG:4326"',
            'crs = "EPSG:4326"\ndelivery = "all"',
            "delivery: got 'all'; expected one of delta",
        ),
        ("closed_at =", "clsed_at =", "fields.clsed_at: got '结案时间'; expected one of id, version"),
        ('id = "编号"', "", "fields.id: got nothing; expected the column"),
        ('lon = "经度"', "", "fields: got one of lon and lat; expected both"),
        (
            '"结案时间"',
            '{ column = "x", formt = "ISO" }',
            "fields.closed_at.formt: got 'ISO'; expected one of column",
        ),
        (
            '"结案时间"',
            '{ column = "x", format = "%Q" }',
            "fields.closed_at.format: got '%Q'; expected one of iso",
        ),
        ('"结案时间"', '{ column = "x", format = "german" }', "format: got 'german'; expected one of iso"),
        (
            '"结案时间"',
            '{ column = "x", columns = ["y"] }',
            "expected exactly one of column, columns and value",
        ),
        ('"结案时间"', "[]", "fields.closed_at: got []; expected the name of a column"),
        ('"结案时间"', "7", "fields.closed_at: got 7; expected a text or a list"),
        (
            '"类别"',
            '{ column = "x", format = "ISO" }',
            "fields.category.format: got 'ISO'; expected no format",
        ),
        (
            'lat = "纬度"',
            'lat = "纬度"\n[values.status]\na = "b"',
            "values.status: got {'a': 'b'}; expected one of the",
        ),
        (
            'lat = "纬度"',
            'lat = "纬度"\n[missing]\naddress = "-"',
            "missing.address: got '-'; expected one of the",
        ),
        (
            'lat = "纬度"',
            'lat = "纬度"\n[rules]\ncategory = { min = 0 }',
            "rules.category: got {'min': 0}; expected",
        ),
        (
            'lat = "纬度"',
            'lat = "纬度"\n[rules]\nlon = { min = "x" }',
            "rules.lon.min: got 'x'; expected a number",
        ),
        ('lat = "纬度"', 'lat = "纬度"\n[rules]\nlon = { }', "rules.lon: got {}; expected min, max or both"),
        (
            'lat = "纬度"',
            'lat = "纬度"\n[rules]\nlon = { min = 0, else = "x" }',
            "rules.lon.else: got 'x'; expected",
        ),
        ("[fields]", 'drop = ["类别"]\n[fields]', "drop: got '类别'; expected a column no field reads"),
        (
            "[fields]",
            'sealed = ["上报时间"]\n[fields]',
            "sealed: got '上报时间'; expected a column of free text",
        ),
        ("[fields]", 'sealed = ["编号"]\n[fields]', "sealed: got '编号'; expected a column of free text"),
        ("[fields]", "[[fields]]", "fields: got [{"),
        ("[fields]", "[fields", "cases.toml: got Expected"),
    ],
)
def test_a_fault_is_named_on_one_line(tmp_path, old, new, message):
    assert old in CASES
    with pytest.raises(SourceError) as caught:
        declare(tmp_path, CASES.replace(old, new, 1))
    assert message in str(caught.value)
    assert str(caught.value).startswith("sources/cases.toml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('lot = "l"\nobserved_at = "t"', "got neither occupied nor vacant"),
        (
            'lot = "l"\nobserved_at = "t"\noccupied = "o"\nvacant = "v"\ncapacity = "c"',
            "got both occupied and vacant",
        ),
        ('lot = "l"\nobserved_at = "t"\nvacant = "v"', "got no capacity beside it"),
    ],
)
def test_a_parking_source_says_what_is_occupied(tmp_path, fields, message):
    text = f'kind = "parking"\nformat = "csv"\ntimezone = "UTC"\n[fields]\n{fields}\n'
    with pytest.raises(SourceError, match=message):
        declare(tmp_path, text)


def test_values_of_a_closed_list_must_be_on_it(tmp_path):
    text = ORDERS + 'satisfaction = "s"\n'
    assert declare(tmp_path, text + '[values.satisfaction]\n"满意" = "satisfied"\n').values
    with pytest.raises(
        SourceError, match=r"values\.satisfaction\.好: got 'good'; expected one of satisfied, mostly"
    ):
        declare(tmp_path, text + '[values.satisfaction]\n"好" = "good"\n')


def test_fields_that_are_sealed_by_nature(tmp_path):
    text = ORDERS.replace("[fields]", 'sealed = ["addr"]\n[fields]')
    source = declare(tmp_path, text + 'caller_phone = "p"\ntext = "t"\naddress = "addr"\n')
    assert set(source.sealed) == {"caller_phone", "text", "address"}
    assert source.extra == ()


@pytest.mark.parametrize(
    ("text", "minutes"), [("15 min", 15), ("1 h", 60), ("2 hours", 120), ("1 day", 1440)]
)
def test_rhythms(tmp_path, text, minutes):
    assert (
        declare(tmp_path, CASES.replace("[fields]", f'every = "{text}"\n[fields]')).every_minutes == minutes
    )


def test_a_name_must_be_plain(tmp_path):
    with pytest.raises(SourceError, match="expected letters"):
        declare(tmp_path, name="a b")


def test_a_missing_or_binary_declaration(tmp_path):
    with pytest.raises(SourceError, match=r"sources/gone.toml: got No such file"):
        load_source(tmp_path / "gone.toml")
    (tmp_path / "bad.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SourceError, match="expected TOML in UTF-8"):
        load_source(tmp_path / "bad.toml")


def test_the_declarations_of_the_tests_are_valid():
    sources = load_sources(DECLARED)
    assert {"nyc311", "birmingham", "cologne"} <= set(sources)
    assert sources["cologne"].georeport.page_param == "page"
    assert sources["cologne"].by_field["reported_at"].columns == ("requested_datetime",)


def test_an_open311_address_is_checked(tmp_path):
    text = 'kind = "case"\nformat = "open311"\ntimezone = "UTC"\n[open311]\n'
    assert declare(tmp_path, text + 'url = "https://x.example/v2/"').georeport.url == "https://x.example/v2"
    for url in ("file:///etc/passwd", "https://", "https://x.example/?a=b", "https://me:secret@x.example/"):
        with pytest.raises(SourceError, match=r"open311\.url"):
            declare(tmp_path, text + f'url = "{url}"')
    with pytest.raises(SourceError, match=r"open311\.dialect: got 'x'; expected one of georeport"):
        declare(tmp_path, text + 'dialect = "x"')
