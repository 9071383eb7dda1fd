"""Number plates of parking stays: replaced by a keyed hash before anything is compared or stored.

The hash tells two cars apart and cannot be read, nor found by trying all plates without the instance's key. Where a
source gives its stays no number, it also ends their key: two cars may enter a lot in the same second.
"""

from dataclasses import replace

import pyarrow as pa
from pandas import DataFrame

from data.secrets import ensure_key, keyed_hash
from data.sources.batch import Batch
from data.sources.definition import Source
from data.store import Store

HASH_DIGITS = 32
KEY_DIGITS = 12
FIELD = "plate"


def without_plates(batch: Batch, origin: Source, store: Store) -> Batch:
    """The batch with hashes for plates; one without plates as it is."""
    if FIELD not in batch.frame:
        return batch
    frame = batch.frame
    key = ensure_key(store.settings.folder)
    texts = frame[FIELD].to_list()
    hashes = {
        text: keyed_hash(key, text, context=FIELD)[:HASH_DIGITS]
        for text in set(texts)
        if isinstance(text, str)
    }
    hashed = [hashes.get(text) for text in texts]
    changed = frame.assign(**{FIELD: _column(hashed, frame)})
    if "id" not in origin.by_field:
        changed["key"] = _column(
            [f"{name}@{str(plate)[:KEY_DIGITS]}" for name, plate in zip(frame["key"], hashed, strict=True)],
            frame,
        )
    return replace(batch, frame=changed)


def _column(texts: list, frame: DataFrame):
    """Texts as the frame holds them."""
    return pa.array(texts, pa.large_string()).to_pandas().set_axis(frame.index)
