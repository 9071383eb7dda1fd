"""Colours that leave the style sheet: ramps and map colours, for figures and the map's own style.

Everything else is a custom property of assets/look.css; what stands in both is held equal by a test.
"""

from dataclasses import dataclass

THEMES = ("light", "dark")
CLASSES = 7
STEP = {"case": "bad", "overdue": "bad", "order": "accent", "alert": "warn", "parking": "t1", "stay": "t1"}


@dataclass(frozen=True)
class Palette:
    """The colours of one theme that a map needs.

    diverging  ochre is worse, teal better, whatever the indicator's direction; the middle class holds the target
    inverse    classes on which text is written in `ink` on a halo of the fill
    """

    surface: str
    ink: str
    accent: str
    t1: str
    bad: str
    warn: str
    nodata: str
    nd_fill: str
    sequential: tuple[str, ...]
    diverging: tuple[str, ...]
    inverse_sequential: tuple[int, ...]
    inverse_diverging: tuple[int, ...]
    ground: str
    building: str
    road: str
    casing: str
    water: str
    border: str
    grid: str
    area: str
    label: str
    halo: str
    road_label: str

    def ramp(self, *, diverging: bool) -> tuple[str, ...]:
        """The seven fills, lowest class first."""
        return self.diverging if diverging else self.sequential

    def inverse(self, *, diverging: bool) -> tuple[int, ...]:
        """Classes (0 to 6) whose text is inverted."""
        return self.inverse_diverging if diverging else self.inverse_sequential


LIGHT = Palette(
    surface="#FFFFFF", ink="#FFFFFF", accent="#3550B0", t1="#18212A", bad="#A61B1B", warn="#8F6400",
    nodata="#76808A", nd_fill="#E3E7EA",
    sequential=("#EDF3F0", "#CDE2DC", "#A3CBC6", "#73AFB0", "#45919A", "#237181", "#0D4C60"),
    diverging=("#8C4A0A", "#C98A45", "#EBCFA0", "#F1F1EE", "#AFD8D1", "#58ABA3", "#0B6A61"),
    inverse_sequential=(5, 6), inverse_diverging=(0, 6),
    ground="#EEF0F0", building="rgba(24,33,42,0.085)", road="#FFFFFF", casing="#CBD2D5", water="#C4D6E2",
    border="rgba(255,255,255,0.8)", grid="#3A4650", area="#18212A", label="#18212A",
    halo="rgba(255,255,255,0.86)", road_label="#4E5A64",
)  # fmt: skip
DARK = Palette(
    surface="#1A2127", ink="#0B0F13", accent="#9DB2FF", t1="#EDF1F4", bad="#FF7F66", warn="#F0C05A",
    nodata="#7F8B96", nd_fill="#20272D",
    sequential=("#25363B", "#2C4A50", "#346168", "#417C82", "#5B9A9B", "#87BBB5", "#C6E2D8"),
    diverging=("#F0A860", "#B9772F", "#6E4B25", "#39424A", "#1B5B5E", "#2E918B", "#7FD6C8"),
    inverse_sequential=(4, 5, 6), inverse_diverging=(0, 1, 5, 6),
    ground="#1A2126", building="rgba(0,0,0,0.16)", road="#2E3840", casing="#10151A", water="#1C3442",
    border="rgba(12,17,22,0.75)", grid="#C3CDD5", area="#F2F5F7", label="#F4F7F9",
    halo="rgba(12,17,22,0.82)", road_label="#A7B3BD",
)  # fmt: skip
PALETTES = {"light": LIGHT, "dark": DARK}
