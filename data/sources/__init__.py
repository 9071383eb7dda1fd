"""Outside systems become facts: a declaration in TOML and one reader a format, no code per city.

`definition.load_source` reads a declaration, `reading.read_batches` its files, `open311.poll` its server. The way is
always the same: a format gives rows of text with their row numbers (`batch.Raw`), `normalise` gives them meaning
(`batch.Batch`).

Invariants: rows read = rows in frames + rejects; a refusal of a whole file comes before its first row or names the
row it stopped at; a value that is not understood is never guessed; a personal value never appears in a message.
Deliberately absent: storing, locating in units, following what a source said before.
"""
