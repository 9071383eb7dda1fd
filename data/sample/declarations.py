"""The texts a sample instance is declared with: `linli.toml` and `sources/*.toml`."""

from data.sample import names
from data.sample.catalogue import (
    CATEGORIES,
    CHANNEL_ENGLISH,
    COMMITTEE,
    DEPARTMENT_ENGLISH,
    HOTLINE_SPELLING,
    MAJOR_ENGLISH,
    ORDER_TYPE_ENGLISH,
    TOPIC_MAJOR_ENGLISH,
    TOPICS,
)
from data.sample.kerbside import DECLARATION as KERBSIDE
from data.sample.render import SEVERITY, STAGES, THROWN
from data.sample.sizes import Size

CITY_NAMES = {"subdistrict": names.HOME, "district": "汀南区", "city": "汀洲市"}
LEVEL_TITLES = (
    ("subdistrict", "街道", "Sub-district"),
    ("area", "片区", "Area"),
    ("grid", "网格", "Grid"),
    ("microgrid", "微网格", "Micro-grid"),
    ("metagrid", "元网格（楼栋）", "Meta-grid"),
)
SOURCE_TITLES = {
    "grid_cases": ("网格案件", "Grid cases"),
    "hotline_12345": ("12345 工单", "12345 hotline"),
    "public_reports": ("公众上报", "Residents' reports"),
    "littering": ("高空抛物摄像", "Littering cameras"),
    "facade": ("外墙传感", "Façade sensors"),
    "parking": ("停车余位", "Car parks"),
    "kerbside": ("路内停车记录", "Kerbside meters"),
}
LOT_ENGLISH = {"路内": "On-street", "公共": "Public", "配建": "Of a building"}
YEAR = '[assessment]\nyear_start = "11-01"\n'
OVERDUE = 12  # open overdue cases a sub-district is allowed
TARGETS = {
    "case_closure_rate": 0.98,
    "case_on_time_closure_rate": 0.90,
    "order_on_time_rate": 0.95,
    "order_first_contact_rate": 0.90,
    "order_resolution_rate": 0.70,
    "order_satisfaction": 0.85,
    "parking_occupancy": 0.85,
}


def _table(kind: str, words: dict[str, str]) -> str:
    rows = "\n".join(f'"{word}" = {{ en = "{english}" }}' for word, english in words.items())
    return f"[titles.{kind}]\n{rows}\n"


def departments() -> str:
    """Text of the list of departments: their names, and how the hotline writes some of them."""
    rows = [
        f"{name},{HOTLINE_SPELLING.get(name, '')},部门" for name in DEPARTMENT_ENGLISH if name != COMMITTEE
    ]
    return "\n".join(["名称,别名,类型", *rows]) + "\n"


def settings(size: Size) -> str:
    """Text of `linli.toml`."""
    levels = "\n".join(
        f'[[levels]]\nname = "{name}"\ntitle = {{ zh = "{zh}", en = "{en}" }}\n'
        for name, zh, en in LEVEL_TITLES
    )
    trees = (
        "[trees.admin]\n"
        + 'title = { zh = "居委", en = "Committees" }\nlevels = ["subdistrict", "committee"]\n'
    )
    aims = {**TARGETS, "cases_overdue_open": OVERDUE * size.subdistricts}
    targets = "\n".join(f"{name} = {value}" for name, value in aims.items())
    categories = {**MAJOR_ENGLISH, **TOPIC_MAJOR_ENGLISH}
    categories |= {entry.path.split("/")[1]: entry.english for entry in CATEGORIES}
    categories |= {topic.path.split("/")[1]: topic.english for topic in TOPICS}
    head = (
        "# The sample city: every place, name and record in it is invented.\n"
        f'name = "{CITY_NAMES[size.name]}"\ntimezone = "Asia/Shanghai"\nlocale = "zh"\nsample = true\n'
    )
    titles = "\n".join(f'{name} = {{ zh = "{zh}", en = "{en}" }}' for name, (zh, en) in SOURCE_TITLES.items())
    words = (
        f"[titles.source]\n{titles}\n", _table("category", categories), _table("channel", CHANNEL_ENGLISH),
        _table("department", DEPARTMENT_ENGLISH), _table("type", {**ORDER_TYPE_ENGLISH, **LOT_ENGLISH}),
    )  # fmt: skip
    return "\n".join([head, levels, trees, YEAR, f"[targets]\n{targets}\n", *words])


_STAGE_ROWS = "\n".join(f'"{theirs}" = "{ours}"' for ours, theirs in STAGES.items())
_SEVERITY_ROWS = "\n".join(f'"{theirs}" = "{ours}"' for ours, theirs in SEVERITY.items())

SOURCES: dict[str, str] = {
    "grid_cases": f"""# The grid centre's cases: every quarter of an hour, whatever changed since the last file.
kind = "case"
format = "csv"
encoding = "utf-8"
timezone = "Asia/Shanghai"
crs = "EPSG:4490"
every = "15 min"

[fields]
id = "案件号"
category = "问题类型"
channel = "问题来源"
status = "当前阶段"
department = "主责部门"
reported_at = "上报时间"
filed_at = "立案时间"
dispatched_at = "派遣时间"
due_at = "处置截止时间"
handled_at = "处置结束时间"
closed_at = "结案时间"
extensions = "延期次数"
suspensions = "挂账次数"
redispatches = "改派次数"
reworks = "返工次数"
forced = "强制结案"
voided = "是否作废"
address = "地址"
lon = "经度"
lat = "纬度"
unit_hint = ["网格", "片区", "社区", "街道"]

[values.status]
{_STAGE_ROWS}

[missing]
lon = ["0", "0.0"]
lat = ["0", "0.0"]
""",
    "hotline_12345": """# The hotline's orders, as its system exports them: GB18030, GCJ-02, callers and texts sealed.
kind = "order"
format = "csv"
encoding = "gb18030"
timezone = "Asia/Shanghai"
crs = "GCJ-02"
every = "30 min"
sealed = ["来电人", "来电人电话", "12345内容描述"]

[fields]
id = "12345工单编号"
type = "12345工单类型"
category = "12345业务类型"
channel = "12345工单来源"
department = "主责部门"
accepted_at = "12345受理时间"
dispatched_at = "派单时间"
first_contact = "先行联系"
first_contact_at = "先行联系时间"
due_at = "办理期限"
finished_at = "办结时间"
called_back_at = "回访时间"
callback_resolution = "解决情况"
satisfaction = "综合满意度"
closed_at = "结案时间"
closing_judgement = "结案评判"
returns = "退单次数"
returned_at = "退单时间"
extensions = "延期次数"
repeat_of = "12345重复工单号"
excluded = "不计入考核原因"
address = "12345诉求地址"
lon = "经度"
lat = "纬度"
unit_hint = ["所属网格", "所属片区", "社区", "街道"]
caller_name = "来电人"
caller_phone = "来电人电话"
text = "12345内容描述"

[values.first_contact]
"是" = "yes"
"否" = "no"
"未评价" = "unrated"

[values.closing_judgement]
"实际解决" = "solved"
"解释说明" = "explained"
"未评价" = "unrated"

[values.callback_resolution]
"解决" = "solved"
"未解决" = "unsolved"
"未评价" = "unrated"

[values.satisfaction]
"满意" = "satisfied"
"基本满意" = "mostly"
"一般" = "neutral"
"不满意" = "dissatisfied"
"不作评价" = "unrated"

[missing]
lon = ["0", "0.0"]
lat = ["0", "0.0"]
""",
    "public_reports": """# What residents report by themselves: saved answers of an Open311 GeoReport v2 server.
kind = "case"
format = "open311"
timezone = "Asia/Shanghai"
every = "30 min"
sealed = ["description"]

[fields]
id = "service_request_id"
version = "updated_datetime"
category = "service_name"
channel = { value = "居民上报" }
status = "status"
department = "agency_responsible"
reported_at = "requested_datetime"
due_at = "expected_datetime"
closed_at = "closed_datetime"
address = "address"
lon = "long"
lat = "lat"
unit_hint = "place"
voided = "voided"
text = "description"
""",
    "littering": f"""# Things thrown from high windows, as the camera platform sees them.
kind = "alert"
format = "json"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
every = "10 min"

[fields]
id = "eventId"
kind = "eventType"
device = "cameraId"
occurred_at = "eventTime"
received_at = "receiveTime"
building = "building"
floor_low = "floorBegin"
floor_high = "floorEnd"
confidence = "confidence"
state = "status"
acknowledged_at = "ackTime"
resolved_at = "handleTime"
image_url = "imageUrl"
lon = "longitude"
lat = "latitude"
unit_hint = "grid"

[values.kind]
"{THROWN}" = "littering"
""",
    "facade": f"""# Façades that shed: findings of the daily inspection.
kind = "alert"
format = "geojson"
timezone = "Asia/Shanghai"
every = "1 day"

[fields]
id = "编号"
kind = {{ value = "wall" }}
device = "设备"
occurred_at = "发现时间"
building = "楼栋"
floor_low = "起始楼层"
floor_high = "终止楼层"
severity = "问题"
state = "状态"
acknowledged_at = "确认时间"
resolved_at = "处置时间"
unit_hint = "网格"

[values.severity]
{_SEVERITY_ROWS}
""",
    "parking": """# How full the car parks are, every five minutes.
kind = "parking"
format = "json"
timezone = "Asia/Shanghai"
crs = "EPSG:4326"
every = "5 min"

[fields]
lot = "lotId"
name = "lotName"
type = "lotType"
capacity = "total"
out_of_service = "outOfService"
occupied = "occupied"
observed_at = "time"
lon = "lng"
lat = "lat"
unit_hint = "grid"

[rules]
occupied = { min = 0, max = "capacity", else = "flag" }
""",
    "kerbside": KERBSIDE,
}
