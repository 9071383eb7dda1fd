"""Places: units and their tree, boundaries and their faults, coordinate systems, point to unit, shapes to draw.

Invariants
    Codes are text. Shapes and points are WGS84 longitude, latitude in degrees; areas and lengths are metric.
    A point belongs to exactly one unit or to none; on shared borders the lowest code wins, every time.
    Functions take frames and return new ones; files are touched only by ``read_units``, ``save`` and ``load``.

Deliberately absent: cases, indicators, a database, pages. A caller hands in frames and gets frames back.
"""
