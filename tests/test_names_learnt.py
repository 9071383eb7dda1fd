"""Names of columns are learnt once, into declarations that keep what a person wrote in them."""

import pytest
from source_files import DECLARED, declare, read, write

from data.sources.batch import SourceError
from data.sources.definition import load_source, source_of
from data.sources.drafting import remember
from data.sources.recognise import examine

# Sources that exist


HAND_WRITTEN = """# Orders of our hotline, kept by hand.
kind = "order"   # do not change
format = "csv"
timezone = "Asia/Shanghai"
known = ["工单编号", "诉求类别"]

[fields]
# the number
id = "工单编号"
accepted_at = { column = "受理时间", format = "ISO" }  # by the city
category = { columns = ["大类", "小类"], join = "/" }
unit_hint = ["社区", "街道"]
satisfaction = ["满意度", "评价"]

[values.satisfaction]
"好" = "satisfied"
"""


def test_names_are_learnt_with_comments_and_order_kept(tmp_path):
    source = declare(tmp_path, HAND_WRITTEN, name="orders")
    names = {
        "单据号": "id",
        "登记时刻": "accepted_at",
        "打分": "satisfaction",
        "居民区": "社区",
        "子类": "小类",
    }
    text = remember(source, names)
    learnt = source_of("orders", text.encode())
    assert 'id = ["工单编号", "单据号"]' in text
    assert 'satisfaction = ["满意度", "评价", "打分"]' in text
    assert learnt.by_field["accepted_at"].columns == ("受理时间", "登记时刻")
    assert learnt.by_field["accepted_at"].format == "iso"
    assert learnt.aliases == {"社区": ("居民区",), "小类": ("子类",)}
    assert learnt.known == ("工单编号", "诉求类别", *names)
    for line in (
        "# Orders of our hotline, kept by hand.",
        "# do not change",
        "# the number",
        "# by the city",
    ):
        assert line in text
    assert [line.split(" ")[0] for line in text.splitlines() if " = " in line][:3] == [
        "kind",
        "format",
        "timezone",
    ]
    assert remember(learnt, names) == text


def test_a_name_learnt_never_asks_again(tmp_path):
    source = declare(tmp_path, HAND_WRITTEN, name="orders")
    text = "单据号,登记时刻,大类,子类,居民区,街道,打分\nA1,2025-01-01,a,b,c,d,好\n"
    path = write(tmp_path, text)
    with pytest.raises(SourceError, match="id: got no column '工单编号'"):
        read(source, path)
    assert "got no column" in examine(path, {"orders": source}).fits[0].fault
    names = {
        "单据号": "id",
        "登记时刻": "accepted_at",
        "打分": "satisfaction",
        "居民区": "社区",
        "子类": "小类",
    }
    learnt = source_of("orders", remember(source, names).encode())
    frame, rejects, _ = read(learnt, path)
    assert not rejects
    assert frame[["key", "category", "unit_hint", "satisfaction"]].values.tolist() == [
        ["A1", "a/b", "c", "satisfied"]
    ]
    fit = examine(path, {"orders": learnt}).fits[0]
    assert (fit.fault, fit.renamed, fit.missing) == ("", 0, ())


def test_what_cannot_be_learnt_is_refused(tmp_path):
    source = declare(tmp_path, HAND_WRITTEN, name="orders")
    for names, says in (
        ({"x": "closed_at"}, "got 'closed_at' for 'x'; expected a field or a column it reads"),
        ({"x": "category"}, "fields.category: got another name 'x'; expected one of its columns: 大类, 小类"),
    ):
        with pytest.raises(SourceError) as caught:
            remember(source, names)
        assert says in str(caught.value)


def test_the_sources_a_file_may_be_for_the_best_first(tmp_path):
    known = {
        name: load_source(DECLARED / f"{name}.toml") for name in ("nyc311", "pingshan_gb18030", "birmingham")
    }
    header = "事件编号,创建日期,行政区,街道,社区,事件来源,事件类型,大类,小类,处置单位,办结状态"
    text = f"{header}\n1,2025-01-01,,,,,,,,,按期办结\n"
    fits = examine(write(tmp_path, text), known).fits
    assert (fits[0].source, fits[0].fault, fits[0].missing, fits[0].renamed) == (
        "pingshan_gb18030",
        "",
        (),
        0,
    )
    assert "got no column" in next(fit for fit in fits if fit.source == "birmingham").fault
