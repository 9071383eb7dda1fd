"""What a child process that parses tells its parent: frames, each a JSON header and perhaps rows as an Arrow stream.

A frame is the length of its header (4 bytes, big endian), that of its body (4 bytes), the header, the body. Nothing
is ever unpickled. A batch of long texts travels in several frames, so that neither side holds more than one.
"""

import json
import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import Any

import pyarrow as pa

from data.sources.batch import Batch, Reject

LARGEST_HEADER = 16 << 20  # bytes; the rejects of a batch stand in it
LARGEST_BODY = 64 << 20
USUAL_BODY = 8 << 20  # from here on a batch is cut
LENGTHS = struct.Struct(">II")


@dataclass(frozen=True)
class Frame:
    """One message. `kind`: started, ready, batch, answer, refused, failed, done."""

    kind: str
    header: dict[str, Any]
    body: bytes = b""

    def pack(self) -> bytes:
        """The bytes that travel."""
        head = json.dumps({"kind": self.kind, **self.header}, ensure_ascii=True).encode("ascii")
        return LENGTHS.pack(len(head), len(self.body)) + head + self.body


def unpack(head: bytes, body: bytes) -> Frame:
    """A frame from its header and body. Raises ValueError."""
    header = json.loads(head)
    return Frame(str(header.pop("kind", "")), header, body)


def batch_frames(batch: Batch) -> Iterator[Frame]:
    """A batch as frames of about `USUAL_BODY` bytes; the first carries rejects, notes and the keys of refused rows."""
    table = pa.Table.from_pandas(batch.frame, preserve_index=False)
    rows = max(1, table.num_rows * USUAL_BODY // max(table.nbytes, 1))
    first = {
        "rejects": [astuple(reject) for reject in batch.rejects], "notes": dict(batch.notes),
        "refused": batch.refused, "unread": batch.unread,
    }  # fmt: skip
    for start in range(0, max(table.num_rows, 1), rows):
        part = table.slice(start, rows).combine_chunks()
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, part.schema) as stream:
            stream.write_table(part)
        yield Frame("batch", first if start == 0 else {}, sink.getvalue().to_pybytes())


def read_batch(frame: Frame) -> Batch:
    """The batch, or the part of one, that a frame carries. Raises ArrowInvalid, ValueError, TypeError for nonsense."""
    with pa.ipc.open_stream(frame.body) as stream:
        table = stream.read_all()
    table.validate(full=True)
    rejects = tuple(Reject(*values) for values in frame.header.get("rejects", []))
    notes = Counter({str(name): int(count) for name, count in frame.header.get("notes", {}).items()})
    rows = table.to_pandas()
    refused = tuple(map(str, frame.header.get("refused", [])))
    unread = int(frame.header.get("unread", 0))
    return Batch(rows, rejects, len(rows) + len(rejects), notes, refused, unread)
