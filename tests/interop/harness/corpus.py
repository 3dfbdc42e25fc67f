"""The mails of the conformance data, as they go over the wire."""

import re
from dataclasses import dataclass
from pathlib import Path

TESTDATA = Path(__file__).resolve().parents[4] / "shared" / "testdata"
SUITES = ("mime-rubymail", "mime-python", "mail-spamassassin-testdata")
NOT_MAILS = (".", "SOURCE.txt", "LICENSE", "COPYING", "README")
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass
class Mail:
    name: str
    data: bytes

    @property
    def has_bare_newline(self) -> bool:
        return bool(BARE.search(self.data))

    @property
    def converted(self) -> bytes:
        """With every bare CR and LF made CRLF."""
        return BARE.sub(b"\r\n", self.data)


def mails(suite: str) -> list[Mail]:
    """All of a suite. A file whose lines all end with LF is a mail as Unix keeps it: those
    become CRLF. Where a file has CRLF, a bare LF in it is part of the mail."""
    found = []
    for path in sorted((TESTDATA / suite).rglob("*")):
        if path.is_file() and not path.name.startswith(NOT_MAILS):
            data = path.read_bytes()
            if b"\r\n" not in data:
                data = data.replace(b"\n", b"\r\n")
            found.append(Mail(f"{suite}/{path.relative_to(TESTDATA / suite)}", data))
    return found
