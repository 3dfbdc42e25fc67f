"""Making mails, and comparing what arrived with what was sent."""

import re
import uuid
from pathlib import Path

# What a mail server adds on top of a message that passes through or arrives.
TRACE_FIELD = re.compile(
    rb"(?:Return-Path|Delivered-To|X-Original-To|Envelope-To|Delivery-date|Received):[^\n]*\n(?:[ \t][^\n]*\n)*",
    re.IGNORECASE)


def token() -> str:
    return uuid.uuid4().hex


def mail(subject: str, body: str = "Hello\r\n.\r\n..two dots\r\n", headers: str = "") -> bytes:
    """A message as it goes over the wire: CRLF, dots not yet stuffed."""
    return (f"From: Sender <sender@client.example>\r\nTo: you@example.test\r\nSubject: {subject}\r\n"
            f"Message-ID: <{token()}@client.example>\r\nDate: Mon, 05 Jan 2026 10:00:00 +0000\r\n"
            f"{headers}\r\n{body}").encode()


def below_trace(stored: bytes, sent: bytes) -> str:
    """Nothing when `stored` is `sent` with trace fields on top and no byte changed, else what is
    wrong. A mailbox may keep lines ended by LF, as Maildir does, but then all of them."""
    wanted = sent if sent.endswith(b"\r\n") else sent + b"\r\n"
    if b"\r\n" not in stored:
        wanted = wanted.replace(b"\r\n", b"\n")
    if not stored.endswith(wanted):
        return _first_difference(stored, wanted)
    added = stored[: len(stored) - len(wanted)]
    rest = TRACE_FIELD.sub(b"", added)
    return f"added above the message, but not a trace field: {rest[:300]!r}" if rest else ""


def _first_difference(stored: bytes, wanted: bytes) -> str:
    beginning = wanted.split(b"\n")[0]
    start = stored.find(beginning)
    if start < 0:
        return f"the message's first line {beginning!r} is not in {stored[:400]!r}..."
    kept = stored[start:]
    at = next((i for i, (a, b) in enumerate(zip(kept, wanted, strict=False)) if a != b), min(len(kept), len(wanted)))
    return f"differs at byte {at}: stored {kept[max(at - 20, 0):at + 40]!r}, sent {wanted[max(at - 20, 0):at + 40]!r}"


def maildir_files(maildir: Path) -> list[Path]:
    new = maildir / "new"
    return sorted(new.iterdir()) if new.is_dir() else []


def find_in_maildir(maildir: Path, text: str) -> list[bytes]:
    """The mails that contain `text`."""
    wanted = text.encode()
    return [data for data in (path.read_bytes() for path in maildir_files(maildir)) if wanted in data]


def first_header(message: bytes, name: str) -> str:
    """The topmost field of that name, unfolded; empty if there is none."""
    head = re.split(rb"\r?\n\r?\n", message, maxsplit=1)[0]
    found = re.search(rb"(?im)^" + name.encode() + rb":[ \t]*((?:[^\n]*(?:\n[ \t][^\n]*)*))", head)
    return re.sub(rb"\s+", b" ", found.group(1)).decode(errors="replace").strip() if found else ""
