"""An SMTP client that sends exactly the bytes it is told to, right or wrong."""

import re
import socket
from dataclasses import dataclass


@dataclass
class Reply:
    code: int
    text: str  # All lines, joined by newlines, without the code.

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


class Gone(Exception):
    """The server has closed the connection."""


class RawClient:
    """One connection, from the address `source` if one is given. Every wait is bounded by `seconds`."""

    def __init__(self, port: int, address: str = "127.0.0.1", seconds: float = 20, source: str = ""):
        self.socket = socket.create_connection((address, port), seconds, (source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = b""

    def __enter__(self) -> "RawClient":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone(str(error)) from error

    def reply(self) -> Reply:
        lines: list[str] = []
        while True:
            line = self._line().decode(errors="replace")
            if not re.match(r"\d{3}([ -]|$)", line):
                raise AssertionError(f"not a reply line: {line!r}")
            lines.append(line[4:])
            if line[3:4] != "-":
                return Reply(int(line[:3]), "\n".join(lines))

    def ask(self, line: str | bytes) -> Reply:
        data = line.encode() if isinstance(line, str) else line
        self.send(data + b"\r\n")
        return self.reply()

    def greet(self, name: str = "client.example") -> Reply:
        """Greeting and EHLO; returns EHLO's reply."""
        greeting = self.reply()
        assert greeting.code == 220, str(greeting)
        return self.ask(f"EHLO {name}")

    def envelope(self, sender: str, *recipients: str) -> list[Reply]:
        replies = [self.ask(f"MAIL FROM:<{sender}>")]
        return replies + [self.ask(f"RCPT TO:<{recipient}>") for recipient in recipients]

    def deliver(self, sender: str, recipient: str, message: bytes) -> Reply:
        """One transaction of one recipient; the first reply that isn't a success, or DATA's last."""
        for reply in self.envelope(sender, recipient):
            if reply.code != 250:
                return reply
        reply = self.ask("DATA")
        if reply.code != 354:
            return reply
        self.send(stuffed(message))
        return self.reply()

    def read_to_end(self) -> bytes:
        """Everything until the server closes. A timeout means it didn't."""
        parts = [self._input]
        try:
            while data := self.socket.recv(65536):
                parts.append(data)
        except ConnectionResetError:
            pass
        self._input = b""
        return b"".join(parts)

    def _line(self) -> bytes:
        while b"\n" not in self._input:
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError as error:
                raise Gone(str(error)) from error
            if not data:
                raise Gone(f"closed after {self._input!r}")
            self._input += data
        line, self._input = self._input.split(b"\n", 1)
        return line.removesuffix(b"\r")


def stuffed(message: bytes) -> bytes:
    """As it follows 354, with the dot at the end. Bare CR and LF stay what they are."""
    body = re.sub(rb"(\A|\r\n)\.", rb"\1..", message)
    return body + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
