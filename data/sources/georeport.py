"""Open311 GeoReport v2 as declared: where the server is, how it pages, and the fields the standard fixes.

The standard (https://wiki.open311.org/GeoReport_v2/) gives requests of at most 90 days or 1,000 records and no
paging; servers page in dialects of their own. A dialect is a row of `DIALECTS`; every part can be overridden.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from data.sources.declared import Section

# Fields of GeoReport v2, section "GET Service Requests". No closing time: a server that updates a request when
# it is closed may be read with closed_at = { column = "updated_datetime", when = { status = "closed" } }.
DEFAULT_FIELDS: dict[str, object] = {
    "id": "service_request_id",
    "version": "updated_datetime",
    "category": ["service_name", "service_code"],
    "status": "status",
    "reported_at": "requested_datetime",
    "due_at": "expected_datetime",
    "department": "agency_responsible",
    "address": "address",
    "lon": "long",
    "lat": "lat",
    "text": "description",
}

# dialect: name of the page parameter, first page, name of the size parameter, largest page
DIALECTS: dict[str, tuple[str, int, str, int]] = {
    "georeport": ("", 1, "", 1000),
    "connected-bits": ("page", 1, "page_size", 50),
    "mark-a-spot": ("page", 1, "limit", 50),
    "seeclickfix": ("page", 1, "per_page", 20),
    "ureport": ("page", 1, "page_size", 1000),
    "fixmystreet": ("", 1, "max_requests", 1000),
    "citysdk": ("", 1, "max_requests", 1000),
}


@dataclass(frozen=True)
class Georeport:
    """One server. A dialect without a page parameter is read through windows that shrink when they overflow."""

    url: str
    jurisdiction_id: str
    service_code: str
    answer: str
    page_param: str
    first_page: int
    size_param: str
    page_size: int
    window_days: int
    by_update: bool


def read_georeport(section: Section) -> Georeport:
    """The table `[open311]`; without it, or without `url`, only saved answers can be read. Raises SourceError."""
    dialect = section.choice("dialect", DIALECTS, "georeport")
    page_param, first_page, size_param, page_size = DIALECTS[dialect]
    url = section.take("url", str, "")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username):
        raise section.refuse("url", url, "the root of a GeoReport v2 server, http or https, without a query")
    declared = Georeport(
        url=url.rstrip("/"),
        jurisdiction_id=section.take("jurisdiction_id", str, ""),
        service_code=section.take("service_code", str, ""),
        answer=section.choice("answer", ("json", "xml"), "json"),
        page_param=section.take("page_param", str, page_param),
        first_page=section.whole("first_page", 0, 1, first_page),
        size_param=section.take("size_param", str, size_param),
        page_size=section.whole("page_size", 1, 10_000, page_size),
        window_days=section.whole("window_days", 1, 90, 90),
        by_update=section.choice("window_on", ("requested", "updated"), "requested") == "updated",
    )
    section.finish()
    return declared
