"""Sources become facts, facts become rollups of numerators and denominators, and a query asks for one view.

Invariants held here, each by a test: read = accepted + updated + unchanged + rejected; a parent equals the
sum of its children and its unassigned row; the rollups equal a full rebuild after any history; any number
can be asked for as known at an earlier load; nothing is read but through a `Reader`, which carries a scope.

Deliberately absent: anything of Dash or Plotly, any live object at import, any cache of results.
"""
