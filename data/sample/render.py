"""Facts written as their source systems would: each with its own headers, words, encoding and coordinates."""

import io
from collections.abc import Callable
from datetime import date
from functools import partial

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
from pyarrow import csv

from data.sample.moments import NEVER, stamps, texts
from data.sample.parking import KINDS
from geo.crs import wgs84_to_gcj02

STAGES = {
    "reported": "[上报]", "filed": "[立案]", "dispatched": "[派遣]", "handled": "[核查]", "closed": "[办结]",
    "voided": "[作废]",
}  # fmt: skip
CONTACT = {"yes": "是", "no": "否", "unrated": "未评价", "": ""}
JUDGEMENT = {"solved": "实际解决", "explained": "解释说明", "unrated": "未评价", "": ""}
RESOLUTION = {"solved": "解决", "unsolved": "未解决", "unrated": "未评价", "": ""}
SATISFACTION = {
    "satisfied": "满意", "mostly": "基本满意", "neutral": "一般", "dissatisfied": "不满意", "unrated": "不作评价",
    "": "",
}  # fmt: skip
SEVERITY = {"low": "空鼓", "medium": "开裂", "high": "掉落"}
THROWN = "930335"  # the event type under which a common camera platform announces a thrown object
IMAGES = "https://camera.invalid/events/"


def _csv(columns: dict[str, object], *, encoding: str, newline: bytes = b"\n") -> bytes:
    """A CSV file; text columns quoted, empty where nothing is known."""
    arrays = {name: pa.array(values, from_pandas=True) for name, values in columns.items()}
    text = io.BytesIO()
    csv.write_csv(pa.table(arrays), text, csv.WriteOptions(quoting_style="needed"))
    body = text.getvalue()
    if newline != b"\n":
        body = body.replace(b"\n", newline)
    return body if encoding == "utf-8" else body.decode("utf-8").encode(encoding)


def _words(values: pd.Series | np.ndarray, table: dict[str, str]) -> np.ndarray:
    return pd.Series(values, dtype=object).map(table).to_numpy(dtype=object)


def _text(values: pd.Series | np.ndarray) -> np.ndarray:
    """Text as Python strings, None where empty."""
    found = np.array(values, dtype=object)
    found[found == ""] = None
    return found


def _instants(values: pd.Series) -> np.ndarray:
    return stamps(values.to_numpy())


def _yes(values: pd.Series) -> np.ndarray:
    return np.where(values, "是", "否").astype(object)


# Columns of an export: its header, how the values are written, ours.
Written = tuple[str, Callable[[pd.Series], np.ndarray], str]
_CASES: tuple[Written, ...] = (
    ("案件号", _text, "id"), ("问题来源", _text, "channel_name"), ("问题类型", _text, "path"),
    ("街道", _text, "street_hint"), ("社区", _text, "committee_hint"), ("片区", _text, "area_hint"),
    ("网格", _text, "grid_hint"),
    ("地址", _text, "address"), ("上报时间", _instants, "reported"), ("立案时间", _instants, "filed"),
    ("派遣时间", _instants, "dispatched"), ("处置截止时间", _instants, "due"), ("处置结束时间", _instants, "handled"),
    ("结案时间", _instants, "closed"), ("当前阶段", partial(_words, table=STAGES), "stage"),
    ("主责部门", _text, "department"), ("延期次数", np.asarray, "extensions"), ("挂账次数", np.asarray, "suspensions"),
    ("改派次数", np.asarray, "redispatches"), ("返工次数", np.asarray, "reworks"), ("强制结案", _yes, "forced"),
    ("是否作废", _yes, "voided"),
    ("经度", np.asarray, "lon"), ("纬度", np.asarray, "lat"),
)  # fmt: skip
_ORDERS: tuple[Written, ...] = (
    ("12345工单编号", _text, "id"), ("12345工单类型", _text, "type_name"), ("12345业务类型", _text, "path"),
    ("12345工单来源", _text, "channel_name"), ("12345受理时间", _instants, "accepted"),
    ("派单时间", _instants, "dispatched"), ("先行联系", partial(_words, table=CONTACT), "first_contact"),
    ("先行联系时间", _instants, "contacted"), ("办理期限", _instants, "due"), ("办结时间", _instants, "finished"),
    ("回访时间", _instants, "called_back"), ("解决情况", partial(_words, table=RESOLUTION), "resolution"),
    ("综合满意度", partial(_words, table=SATISFACTION), "satisfaction"), ("结案时间", _instants, "closed"),
    ("结案评判", partial(_words, table=JUDGEMENT), "judgement"), ("退单次数", np.asarray, "returns"),
    ("退单时间", _instants, "returned"), ("延期次数", np.asarray, "extensions"),
    ("12345重复工单号", _text, "repeat_of"), ("不计入考核原因", _text, "excluded"), ("主责部门", _text, "department"),
    ("街道", _text, "street_hint"), ("社区", _text, "committee_hint"), ("所属片区", _text, "area_hint"),
    ("所属网格", _text, "grid_hint"),
    ("12345诉求地址", _text, "address"), ("经度", np.asarray, "lon"), ("纬度", np.asarray, "lat"),
    ("来电人", _text, "caller"), ("来电人电话", _text, "phone"), ("12345内容描述", _text, "text"),
)  # fmt: skip


def _table(frame: pd.DataFrame, columns: tuple[Written, ...]) -> dict[str, object]:
    return {header: written(frame[name]) for header, written, name in columns}


def cases(frame: pd.DataFrame) -> bytes:
    """The grid centre's export: CSV, UTF-8 with byte order mark, CGCS2000, one row per case as it stands."""
    rows = frame.assign(voided=frame["stage"] == "voided")
    return b"\xef\xbb\xbf" + _csv(_table(rows, _CASES), encoding="utf-8")


def orders(frame: pd.DataFrame) -> bytes:
    """The hotline's export: CSV, GB18030, CRLF, GCJ-02."""
    lon, lat = wgs84_to_gcj02(frame["lon"].to_numpy(), frame["lat"].to_numpy())
    lon, lat = (np.where(frame["lon"] == 0, 0.0, part.round(6)) for part in (lon, lat))
    text = "市民反映" + frame["address"] + frame["path"].str.split("/").str[1] + "问题，请相关部门核实处理。"
    rows = frame.assign(lon=lon, lat=lat, text=text)
    return _csv(_table(rows, _ORDERS), encoding="gb18030", newline=b"\r\n")


def typed_by_hand(body: bytes, day: date) -> bytes:
    """An export of the hotline with what people add below it: lines with a slip each, and the total.

    Each slip breaks another rule: a year that has not come, an hour the day does not have, a word that is not on the
    list; the total is known by its name and skipped.
    """
    head = [name.strip('"') for name in body.split(b"\r\n", 1)[0].decode("gb18030").split(",")]
    taken = f"{day:%Y-%m-%d} 09:12:00"
    lines = [
        {
            "12345工单编号": f"BL{day:%Y%m%d}01",
            "12345受理时间": f"{day.year + 40}-{day:%m-%d} 08:40:00",
        },
        {"12345工单编号": f"BL{day:%Y%m%d}02", "12345受理时间": f"{day:%Y-%m-%d} 25:10:00"},
        {"12345工单编号": f"BL{day:%Y%m%d}03", "12345受理时间": taken, "综合满意度": "较满意"},
        {"12345工单编号": "合计"},
    ]
    text = "".join(",".join(line.get(name, "") for name in head) + "\r\n" for line in lines)
    return body + text.encode("gb18030")


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE)


def _records(columns: dict[str, object]) -> list[dict]:
    lists = [
        values.tolist() if isinstance(values, np.ndarray | pd.Series) else values
        for values in columns.values()
    ]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _without_empty(records: list[dict]) -> list[dict]:
    return [{name: value for name, value in record.items() if value not in ("", None)} for record in records]


def reports(frame: pd.DataFrame) -> bytes:
    """The public's reports as an Open311 GeoReport v2 answer (JSON, absent fields left out)."""
    instants = frame[["reported", "dispatched", "closed", "voided_at", "corrected"]].to_numpy()
    updated = np.where(instants < NEVER, instants, 0).max(axis=1)
    closed = (frame["stage"] == "closed").to_numpy()
    finest = frame["grid_hint"].where(frame["grid_hint"] != "", frame["area_hint"])
    place = (
        frame["street_hint"].str.cat(finest, sep="/").str.strip("/")
    )  # a path: each tree takes what it knows
    known = np.isfinite(frame["lon"].to_numpy()) & (frame["lon"].to_numpy() != 0)
    records = _records(
        {
            "service_request_id": frame["id"],
            "status": np.where(closed | (frame["stage"] == "voided"), "closed", "open").astype(object),
            "voided": (frame["stage"] == "voided"),
            "service_name": frame["path"],
            "description": "居民反映" + frame["address"] + frame["path"].str.split("/").str[1],
            "agency_responsible": frame["department"],
            "requested_datetime": texts(frame["reported"].to_numpy()).astype(object),
            "updated_datetime": texts(updated).astype(object),
            "expected_datetime": texts(frame["due"].to_numpy()).astype(object),
            "closed_datetime": texts(frame["closed"].to_numpy()).astype(object),
            "address": frame["address"],
            "place": place,
            "lat": frame["lat"].astype(object).where(known, None),
            "long": frame["lon"].astype(object).where(known, None),
        }
    )
    return _json(_without_empty(records))


def littering(frame: pd.DataFrame) -> bytes:
    """The camera platform's events: a JSON object that holds one list, WGS84, instants with their offset."""
    records = _records(
        {
            "eventId": frame["id"],
            "eventType": [THROWN] * len(frame),
            "cameraId": frame["device"],
            "eventTime": texts(frame["occurred"].to_numpy()).astype(object),
            "receiveTime": texts(frame["received"].to_numpy()).astype(object),
            "building": frame["building"],
            "floorBegin": frame["floor_low"],
            "floorEnd": frame["floor_high"],
            "confidence": frame["confidence"],
            "status": frame["state"],
            "ackTime": texts(frame["acknowledged"].to_numpy()).astype(object),
            "handleTime": texts(frame["resolved"].to_numpy()).astype(object),
            "imageUrl": (IMAGES + frame["id"] + ".jpg"),
            "grid": frame["grid_hint"],
            "longitude": frame["lon"],
            "latitude": frame["lat"],
        }
    )
    return _json({"method": "OnEventNotify", "events": _without_empty(records)})


def facade(frame: pd.DataFrame) -> bytes:
    """The façade inspection's findings: GeoJSON points, local times without offset."""
    properties = _records(
        {
            "编号": frame["id"],
            "发现时间": np.datetime_as_string(stamps(frame["occurred"].to_numpy()), unit="s").astype(object),
            "楼栋": frame["building"],
            "设备": frame["device"],
            "问题": _words(frame["severity"], SEVERITY),
            "状态": frame["state"],
            "确认时间": texts(frame["acknowledged"].to_numpy()).astype(object),
            "处置时间": texts(frame["resolved"].to_numpy()).astype(object),
            "起始楼层": frame["floor_low"],
            "终止楼层": frame["floor_high"],
            "网格": frame["grid_hint"],
        }
    )
    features = [
        {"type": "Feature", "properties": own, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
        for own, lon, lat in zip(properties, frame["lon"].tolist(), frame["lat"].tolist(), strict=True)
    ]
    return _json({"type": "FeatureCollection", "features": features})


def parking(frame: pd.DataFrame) -> bytes:
    """The car parks' readings: a JSON list, one object per lot and instant."""
    records = _records(
        {
            "lotId": frame["lot"],
            "lotName": frame["name"],
            "lotType": np.array(KINDS, dtype=object)[frame["kind"]],
            "total": frame["capacity"],
            "outOfService": frame["shut"],
            "occupied": frame["occupied"],
            "time": texts(frame["observed"].to_numpy()).astype(object),
            "grid": frame["grid_hint"],
            "lng": frame["lon"],
            "lat": frame["lat"],
        }
    )
    return _json(records)


def kerbside(frame: pd.DataFrame) -> bytes:
    """The kerb's meters: a JSON list, one object per stay; a car that has not left has neither end nor fee."""
    fee = frame["fee"].astype(object)
    records = _records(
        {
            "orderId": frame["id"],
            "lotId": frame["lot"],
            "lotName": frame["name"],
            "lotType": np.array(KINDS, dtype=object)[frame["kind"]],
            "spaces": frame["capacity"],
            "inTime": texts(frame["entry"].to_numpy()).astype(object),
            "outTime": texts(frame["left"].to_numpy()).astype(object),
            "fee": fee.where(frame["fee"].notna(), None),
            "plate": frame["plate"],
            "grid": frame["grid_hint"],
            "lng": frame["lon"],
            "lat": frame["lat"],
        }
    )
    return _json(_without_empty(records))


Renderer = Callable[[pd.DataFrame], bytes]
