"""What the journal of the storage tells of messages, and since when a power cut would leave it
there: read from the writes in a trace, since the files themselves are soon gone."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .syscalls import Call, Trace

# A segment: a head, then records (src/storage/journal/format.h).
MAGIC = b"VRDSJRNL"
SEGMENT_HEAD = 48
RECORD_HEAD = struct.Struct(">QQII")  # Checksum, octets of bodies, octets of changes, count of bodies.
TABLE_ENTRY = 12
PLACE = struct.Struct(">QQIQ")  # Segment, offset, octets, checksum.

# The changes of a record, as RocksDB has them: a sequence number, a count, and one after the other.
BATCH_HEAD = 12
ERASE, PUT, NOOP = 0x0, 0x1, 0xD
FAMILY_ERASE, FAMILY_PUT, FAMILY_ERASE_RANGE = 0x4, 0x5, 0xE

# docs/queue.md: the envelope's key is a one and the id, a body's parts have the id and a number.
QUEUE_SPACE = b"\x01"
ID_OCTETS, PART_OCTETS = 8, 12
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass
class Kept:
    """What the log says of one message."""

    parts: list[bytes] = field(default_factory=list)
    has_envelope: bool = False
    flushed: list[int | None] = field(default_factory=list)  # When, each change that put something.
    erase_began: int | None = None  # When the write began that takes it out of the queue.

    def why_unsafe(self, moment: int) -> str:
        """Why a power cut at that moment might have taken something of it; empty if it could not."""
        if not self.has_envelope:
            return "no envelope was written"
        late = [flushed for flushed in self.flushed if flushed is None or flushed >= moment]
        return f"{len(late)} of {len(self.flushed)} of its changes were not flushed yet" if late else ""


def is_journal(file: str) -> bool:
    return file.endswith(".journal")


def kept_messages(trace: Trace) -> dict[str, Kept]:
    """By queue id."""
    messages: dict[str, Kept] = {}
    for file, writes in trace.writes(is_journal).items():
        for key, value, began, flushed in _Segment(trace, file, writes).changes():
            is_envelope = key.startswith(QUEUE_SPACE) and len(key) == 1 + ID_OCTETS
            if not is_envelope and len(key) != PART_OCTETS:
                continue
            kept = messages.setdefault(_id_text(key[1:] if is_envelope else key[:ID_OCTETS]), Kept())
            if value is not None:
                kept.flushed.append(flushed)
                kept.has_envelope |= is_envelope
                kept.parts += [] if is_envelope else [value]
            elif is_envelope:
                kept.erase_began = began
    return messages


class _Segment:
    """One file of the journal."""

    def __init__(self, trace: Trace, file: str, writes: list[Call]):
        self._trace = trace
        self._octets = b"".join(call.data[:call.result] for call in writes)
        self._writes = writes
        made = next(call for call in trace.calls if call.name == "openat" and call.file == file and call.result >= 0)
        self._named = trace.when_flushed(made, str(Path(file).parent))

    def changes(self) -> Iterator[tuple[bytes, bytes | None, int, int | None]]:
        """Key, value (nothing: erased), when its write began, and when it was flushed. For a part of a
        body the value is its octets."""
        for first, last, changes in self._records():
            began, flushed = self._write_at(first).began, self._when_flushed(last)
            for key, value in _changes_of(changes):
                is_place = value is not None and len(key) == PART_OCTETS and len(value) == PLACE.size
                yield key, self._body(value) if is_place else value, began, flushed

    def _records(self) -> Iterator[tuple[int, int, bytes]]:
        """The places of the first and last octet of each, and its changes."""
        assert self._octets.startswith(MAGIC)
        at = SEGMENT_HEAD
        while at < len(self._octets):
            _, bodies, changes, count = RECORD_HEAD.unpack_from(self._octets, at)
            begin = at + RECORD_HEAD.size + bodies + count * TABLE_ENTRY
            assert begin + changes <= len(self._octets), f"a record cut short at {at}"
            yield at, begin + changes - 1, self._octets[begin:begin + changes]
            at = begin + changes

    def _body(self, place: bytes) -> bytes:
        _, offset, octets, _ = PLACE.unpack(place)
        return self._octets[offset:offset + octets]

    def _when_flushed(self, octet: int) -> int | None:
        """All up to that octet, and the file's name."""
        flushed = self._trace.when_flushed(self._write_at(octet))
        return None if flushed is None or self._named is None else max(flushed, self._named)

    def _write_at(self, octet: int) -> Call:
        for call in self._writes:
            if octet < call.result:
                return call
            octet -= call.result
        raise AssertionError("more was read than written")


def _changes_of(batch: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    at = BATCH_HEAD
    while at < len(batch):
        kind = batch[at]
        at += 1
        if kind == NOOP:
            continue
        if kind in (FAMILY_ERASE, FAMILY_PUT, FAMILY_ERASE_RANGE):
            _, at = _number(batch, at)
        key, at = _text(batch, at)
        if kind in (PUT, FAMILY_PUT):
            value, at = _text(batch, at)
            yield key, value
        elif kind == FAMILY_ERASE_RANGE:
            _, at = _text(batch, at)  # Of what was never acknowledged: swept at a start.
        else:
            assert kind in (ERASE, FAMILY_ERASE), f"a change of kind {kind}"
            yield key, None


def _number(octets: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while octets[at] >= 0x80:
        value |= (octets[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | octets[at] << shift, at + 1


def _text(octets: bytes, at: int) -> tuple[bytes, int]:
    length, at = _number(octets, at)
    return octets[at:at + length], at + length


def _id_text(octets: bytes) -> str:
    value = int.from_bytes(octets, "big")
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(60, -1, -5))
