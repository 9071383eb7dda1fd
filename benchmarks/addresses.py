"""A million addresses matched against the gazetteer of a town, in twelve styles with slips, half of them with rooms.

    python benchmarks/addresses.py [--size subdistrict district] [--addresses 1000000]

Prints seconds and addresses per second, the distinct texts among them, the share that found a place, and the ratio to
reading every address for itself; then a fifth as many of which no two are equal.
"""

import argparse
import time

import numpy as np
import pandas as pd

from data.sample.gazetteer import gazetteer_rows, landmarks
from data.sample.plots import plot_table
from data.sample.sizes import SIZES, stream
from data.sample.spellings import STYLES, spelt
from data.sample.town import make_town
from geo.address import parse
from geo.gazetteer import Gazetteer
from geo.units import arrange

SPELLINGS = 60_000  # written out one by one; the million draws from them


def book_of(plots: pd.DataFrame, levels: dict[str, pd.DataFrame]) -> Gazetteer:
    """The gazetteer of a town, its points already in their units."""
    frames = [
        frame.assign(level=depth, parent_code=frame["parent"].where(frame["parent"] != "", None))
        for depth, frame in enumerate(levels.values())
    ]
    units = arrange(
        pd.concat([frame[["code", "name", "level", "parent_code"]] for frame in frames], ignore_index=True)
    )
    rows = gazetteer_rows(plots)
    code = {
        (lon, lat): code for lon, lat, code in zip(plots["lon"], plots["lat"], plots["code"], strict=True)
    }
    at = dict(zip(units["code"], units["pos"], strict=True))
    leaf = np.array(
        [at.get(code.get((lon, lat)), 0) for lon, lat in zip(rows["lon"], rows["lat"], strict=True)]
    )
    above = np.r_[0, units["parent_pos"].to_numpy()]
    numbers = rows[["lane", "low", "high"]].apply(pd.to_numeric).fillna(0).astype(int)
    entries = rows.assign(
        **numbers, branch=0, side=-1, valid_from_on=np.nan, valid_to_on=np.nan, name=rows["name"].fillna(""),
        road=rows["road"].fillna(""), pos=np.where(rows["level"] == "microgrid", above[leaf], leaf),
    )  # fmt: skip
    return Gazetteer(entries, units)


def spellings(plots: pd.DataFrame, draw: np.random.Generator) -> pd.Series:
    """Addresses of random plots in random styles."""
    marks = landmarks(plots)
    picked, style = draw.integers(len(plots), size=SPELLINGS), draw.integers(len(STYLES), size=SPELLINGS)
    return pd.Series(
        [
            spelt(plots.iloc[at], STYLES[kind], draw, landmark=marks[plots["micro_code"].iloc[at]])
            for at, kind in zip(picked.tolist(), style.tolist(), strict=True)
        ]
    )


def measure(size: str, count: int) -> None:
    """Match one town's million and say how long it took."""
    town = make_town(SIZES[size], seed=1)
    plots = plot_table(town, SIZES[size], seed=1)
    draw = stream(1, "addresses")
    texts = spellings(plots, draw).iloc[draw.integers(SPELLINGS, size=count)].reset_index(drop=True)
    floor, room = draw.integers(1, 18, size=count).astype(str), draw.integers(1, 9, size=count).astype(str)
    rooms = pd.Series(floor).str.cat(pd.Series(room), sep="0") + "室"
    mixed = texts.where(draw.random(count) < 0.5, texts + rooms)
    each = texts + pd.Series(np.arange(count).astype(str)) + "米处"
    for title, million in (("half with rooms", mixed), ("no two alike", each.iloc[: count // 5])):
        book = book_of(plots, town.units["v2"])
        start = time.perf_counter()
        found = book.match(million)
        seconds = time.perf_counter() - start
        share = (found["pos"] > 0).mean()
        print(
            f"{size}, {title}: {len(million):,} addresses ({million.nunique():,} distinct) in {seconds:.1f} s, "
            f"{len(million) / seconds:,.0f}/s, {share:.1%} found a place",
            flush=True,
        )
    few = mixed.iloc[: count // 50]
    start = time.perf_counter()
    for text in few:
        parse(text)
    alone = (time.perf_counter() - start) * 50
    print(f"{size}: taking every address apart for itself would take {alone:.0f} s before any matching")


def main() -> None:
    """Measure the sizes asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--size", nargs="+", choices=("subdistrict", "district"), default=["subdistrict", "district"]
    )
    parser.add_argument("--addresses", type=int, default=1_000_000)
    options = parser.parse_args()
    for size in options.size:
        measure(size, options.addresses)


if __name__ == "__main__":
    main()
