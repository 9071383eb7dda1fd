"""What is reported: categories of the national standard (大类/小类) with limits, seasons and who deals with them.

Names of major and minor classes follow the components and events of GB/T 30428.2 as cities publish them; the
limits in hours are simplified from such a table (紧急工作时, 工作时 and 工作日 laid on a running clock).
"""

from dataclasses import dataclass

PATROL, VIDEO, SENSOR, PUBLIC = 0, 1, 2, 3
CHANNELS = ("监督员巡查", "居民上报", "12345", "视频发现", "物联感知")
# Shares of the channels for what is mostly found on patrol, on video, by a sensor, or by residents.
CHANNEL_SHARES = (
    (0.68, 0.06, 0.12, 0.12, 0.02),
    (0.40, 0.05, 0.09, 0.44, 0.02),
    (0.34, 0.05, 0.12, 0.06, 0.43),
    (0.34, 0.16, 0.40, 0.08, 0.02),
)
# Twenty-four hourly weights for each channel: rounds by day, complaints in the evening, cameras at all hours.
HOURS = (
    (0, 0, 0, 0, 0, 0, 1, 4, 10, 13, 12, 8, 4, 8, 12, 11, 9, 5, 2, 1, 1, 0, 0, 0),
    (1, 0, 0, 0, 0, 1, 3, 6, 8, 8, 7, 6, 5, 5, 6, 6, 7, 8, 10, 11, 10, 7, 4, 2),
    (1, 1, 0, 0, 0, 1, 2, 5, 10, 12, 11, 7, 5, 8, 10, 9, 8, 7, 6, 6, 5, 4, 3, 2),
    (2, 2, 2, 2, 2, 3, 5, 7, 8, 7, 6, 6, 6, 6, 6, 6, 7, 9, 9, 8, 7, 5, 4, 3),
    (4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4, 4),
)


@dataclass(frozen=True)
class Category:
    """One minor class.

    hours    limit from dispatch, in hours
    weight   how common it is
    profile  PATROL, VIDEO, SENSOR or PUBLIC
    months   months with more of it, and how many times as much
    storm    how many times as much on a day of storm
    wet      how many times as much on a day of heavy rain
    """

    path: str
    english: str
    hours: int
    weight: float
    profile: int
    department: str
    months: tuple[int, ...] = ()
    more: float = 1.0
    storm: float = 1.0
    wet: float = 1.0


_SUMMER, _AUTUMN, _WINTER = (6, 7, 8, 9), (10, 11, 12), (12, 1, 2)
CATEGORIES: tuple[Category, ...] = (
    Category(
        "市容环境/积存垃圾渣土", "Piled waste and rubble", 12, 9.0, PATROL, "市容环卫所", _SUMMER, 1.3, 1.6
    ),
    Category("市容环境/暴露垃圾", "Exposed rubbish", 4, 9.5, PATROL, "市容环卫所", _SUMMER, 1.4, 1.2),
    Category("市容环境/道路不洁", "Dirty road", 4, 5.5, PATROL, "市容环卫所", _AUTUMN, 1.6, 1.5, 0.7),
    Category("市容环境/绿地脏乱", "Untidy green", 24, 3.0, PATROL, "绿化养护队", _AUTUMN, 1.5),
    Category("市容环境/乱堆物料", "Goods stacked in the way", 24, 6.0, PATROL, "城管中队"),
    Category("市容环境/违法搭建", "Unlawful building work", 120, 1.6, PUBLIC, "城管中队"),
    Category("宣传广告/非法小广告", "Illegal stickers", 24, 6.5, PATROL, "市容环卫所"),
    Category(
        "宣传广告/违规户外广告", "Unlicensed outdoor advertising", 72, 1.8, PATROL, "城管中队", (), 1.0, 5.0
    ),
    Category(
        "施工管理/施工扰民", "Building noise", 4, 2.6, PUBLIC, "城管中队", (3, 4, 5, 10, 11), 1.4, 0.1, 0.6
    ),
    Category("施工管理/工地扬尘", "Dust from a site", 4, 1.5, VIDEO, "城管中队", _WINTER, 1.6, 0.1, 0.2),
    Category(
        "街面秩序/占道经营", "Trading on the pavement", 4, 7.5, VIDEO, "城管中队", _SUMMER, 1.5, 0.1, 0.6
    ),
    Category(
        "街面秩序/无照经营游商", "Unlicensed street seller", 2, 5.0, VIDEO, "城管中队", _SUMMER, 1.3, 0.1, 0.6
    ),
    Category("街面秩序/机动车乱停放", "Badly parked vehicle", 4, 6.5, VIDEO, "城管中队"),
    Category(
        "街面秩序/非机动车乱停放", "Badly parked bicycles", 4, 9.5, VIDEO, "城管中队", (), 1.0, 0.6, 0.8
    ),
    Category("街面秩序/占用消防通道", "Blocked fire lane", 2, 3.0, SENSOR, "平安办"),
    Category("突发事件/道路积水", "Flooded road", 4, 0.5, SENSOR, "市政养护站", _SUMMER, 1.5, 20.0, 5.0),
    Category("突发事件/树木倒伏", "Fallen tree", 4, 0.2, PATROL, "绿化养护队", (), 1.0, 60.0, 1.5),
    Category(
        "突发事件/高空坠物隐患", "Loose objects overhead", 12, 0.7, PUBLIC, "房管办", (), 1.0, 14.0, 1.3
    ),
    Category("公用设施/井盖松动", "Loose manhole cover", 24, 2.4, SENSOR, "市政养护站", (), 1.0, 1.5, 1.3),
    Category("公用设施/雨水箅子堵塞", "Blocked gully", 24, 1.6, PATROL, "市政养护站", _SUMMER, 1.4, 8.0, 3.5),
    Category("公用设施/路灯不亮", "Street lamp out", 48, 2.2, PUBLIC, "市政养护站", _WINTER, 1.4, 2.5),
    Category("公用设施/下水道堵塞", "Blocked sewer", 24, 2.0, PUBLIC, "市政养护站", _SUMMER, 1.3, 5.0, 2.5),
    Category(
        "道路交通设施/路面破损", "Broken road surface", 120, 2.6, PATROL, "市政养护站", (), 1.0, 1.3, 1.3
    ),
    Category("道路交通设施/交通护栏损坏", "Broken railing", 72, 1.5, PATROL, "市政养护站", (), 1.0, 2.0),
    Category("市容环境设施/垃圾箱房满溢", "Overflowing bin room", 4, 4.0, SENSOR, "市容环卫所", _SUMMER, 1.4),
    Category("市容环境设施/公厕设施损坏", "Broken public toilet", 48, 0.9, PATROL, "市容环卫所"),
    Category("园林绿化设施/绿化缺株", "Missing plants", 120, 1.8, PATROL, "绿化养护队", (3, 4, 11), 1.5),
    Category("园林绿化设施/行道树枯枝", "Dead branches", 72, 1.6, PATROL, "绿化养护队", _AUTUMN, 1.4, 9.0),
    Category("房屋立面/外立面裂缝", "Cracked façade", 72, 1.0, PUBLIC, "房管办", (), 1.0, 4.0, 1.3),
)
MAJOR_ENGLISH = {
    "市容环境": "Street environment", "宣传广告": "Advertising", "施工管理": "Construction",
    "街面秩序": "Street order", "突发事件": "Emergencies", "公用设施": "Public utilities",
    "道路交通设施": "Road and traffic", "市容环境设施": "Sanitation facilities",
    "园林绿化设施": "Greening", "房屋立面": "Façades",
}  # fmt: skip
CHANNEL_ENGLISH = {
    "监督员巡查": "Patrol", "居民上报": "Residents", "12345": "12345", "视频发现": "Video", "物联感知": "Sensors",
    "电话": "Telephone", "随申办": "City app", "网站": "Web site", "微信": "WeChat",
}  # fmt: skip
DEPARTMENT_ENGLISH = {
    "市容环卫所": "Sanitation office", "城管中队": "Enforcement squad", "绿化养护队": "Greening team",
    "市政养护站": "Road maintenance", "平安办": "Safety office", "房管办": "Housing office",
    "居委会": "Residents' committee", "物业公司": "Property manager", "社区服务中心": "Community service",
}  # fmt: skip

COMMITTEE = "居委会"  # stands for the committee of the place
# The hotline writes some departments otherwise than the grid centre.
HOTLINE_SPELLING = {
    "城管中队": "街道城管执法中队",
    "市容环卫所": "环卫所",
    "社区服务中心": "社区事务受理服务中心",
}

ORDER_TYPES = ("咨询", "求助", "投诉", "意见建议")
ORDER_TYPE_ENGLISH = {"咨询": "Question", "求助": "Help", "投诉": "Complaint", "意见建议": "Suggestion"}
ORDER_CHANNELS = ("电话", "随申办", "网站", "微信")


@dataclass(frozen=True)
class Topic:
    """What people call the hotline about; `shares` are those of the four ORDER_TYPES."""

    path: str
    english: str
    weight: float
    department: str
    shares: tuple[float, float, float, float]
    months: tuple[int, ...] = ()
    more: float = 1.0
    storm: float = 1.0


TOPICS: tuple[Topic, ...] = (
    Topic(
        "房屋管理/房屋漏水",
        "Leaking roof or pipe",
        9,
        "物业公司",
        (0.1, 0.6, 0.28, 0.02),
        (6, 7, 8),
        1.5,
        3.0,
    ),
    Topic("房屋管理/电梯故障", "Lift out of order", 5, "物业公司", (0.08, 0.52, 0.38, 0.02)),
    Topic("房屋管理/物业服务", "Property management", 9, "物业公司", (0.15, 0.2, 0.6, 0.05)),
    Topic("房屋管理/外墙脱落", "Falling façade", 2, "房管办", (0.05, 0.6, 0.33, 0.02), (), 1.0, 6.0),
    Topic(
        "噪声扰民/施工噪声",
        "Building noise",
        5,
        "城管中队",
        (0.05, 0.2, 0.73, 0.02),
        (4, 5, 10, 11),
        1.4,
        0.2,
    ),
    Topic(
        "噪声扰民/社会生活噪声", "Noise of daily life", 8, "居委会", (0.05, 0.3, 0.63, 0.02), (6, 7, 8), 1.4
    ),
    Topic("停车管理/违法停车", "Illegal parking", 8, "城管中队", (0.08, 0.2, 0.7, 0.02)),
    Topic("停车管理/停车收费", "Parking charges", 4, "物业公司", (0.4, 0.1, 0.45, 0.05)),
    Topic("停车管理/充电设施", "Charging points", 4, "物业公司", (0.3, 0.3, 0.2, 0.2)),
    Topic("市容环境/垃圾清运", "Waste collection", 6, "市容环卫所", (0.1, 0.3, 0.58, 0.02), (6, 7, 8), 1.3),
    Topic("市容环境/高空抛物", "Things thrown from windows", 3, "居委会", (0.05, 0.3, 0.63, 0.02)),
    Topic("公用事业/供水供气", "Water and gas", 4, "社区服务中心", (0.35, 0.5, 0.13, 0.02), (12, 1, 2), 1.5),
    Topic(
        "公用事业/路灯积水",
        "Lamps and flooding",
        3,
        "市政养护站",
        (0.05, 0.6, 0.33, 0.02),
        (6, 7, 8, 9),
        1.3,
        8.0,
    ),
    Topic("民生服务/社保医保", "Insurance", 6, "社区服务中心", (0.82, 0.13, 0.03, 0.02)),
    Topic("民生服务/养老服务", "Care for the old", 5, "社区服务中心", (0.55, 0.35, 0.04, 0.06)),
    Topic("民生服务/证照办理", "Certificates", 5, "社区服务中心", (0.9, 0.06, 0.02, 0.02)),
    Topic("消费维权/餐饮油烟", "Kitchen fumes", 3, "城管中队", (0.04, 0.2, 0.74, 0.02), (5, 6, 7, 8, 9), 1.3),
    Topic("加装电梯/意见征询", "New lifts", 3, "居委会", (0.4, 0.15, 0.2, 0.25)),
)
TOPIC_MAJOR_ENGLISH = {
    "房屋管理": "Housing", "噪声扰民": "Noise", "停车管理": "Parking", "公用事业": "Utilities",
    "民生服务": "Public services", "消费维权": "Consumers", "加装电梯": "Adding lifts",
}  # fmt: skip
