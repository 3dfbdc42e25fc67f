"""A next hop that does as a test says: the mail server Veredus relays to."""

import copy
import re
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field

from .certificates import Certificate

ALL_EXTENSIONS = ("PIPELINING", "SIZE 50000000", "8BITMIME", "ENHANCEDSTATUSCODES")


@dataclass
class Script:
    """How the server behaves. Replies given once are used up; then it succeeds."""

    extensions: tuple[str, ...] = ALL_EXTENSIONS
    greeting: str = "220 hop.example ESMTP"
    refuses_ehlo: bool = False
    recipient_replies: dict[str, list[str]] = field(default_factory=dict)  # Address -> replies, in turn.
    data_replies: list[str] = field(default_factory=list)  # To the dot, in turn.
    cut_after: list[str] = field(default_factory=list)  # Each, in turn: a verb or "." where to cut.
    delays: dict[str, float] = field(default_factory=dict)  # Verb or "." -> seconds before its reply.
    recipients_max: int = 1000
    certificate: Certificate | None = None  # Offers STARTTLS with it. A cut is then one without TLS's own end.
    starttls_reply: str = "220 2.0.0 Begin"  # What follows it in the string follows it on the wire, in the clear.


@dataclass
class Received:
    sender: str
    parameters: str  # Of MAIL, in capitals.
    recipients: list[str]
    data: bytes  # Dots unstuffed.
    session: int


class NextHop:
    """Listens from construction to stop(), each session on a thread. `received` holds every
    message answered with 250."""

    def __init__(self, port: int, address: str = "127.0.0.1", script: Script | None = None):
        self.address, self.port = address, port
        self.script = copy.deepcopy(script) or Script()  # Ours to use up.
        self.received: list[Received] = []
        self.commands: list[str] = []
        self.violations: list[str] = []
        self.sessions = 0
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._listener = socket.create_server((address, port), family=family, backlog=200)
        self._open: set[_Session] = set()
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        """May be called twice."""
        if self._listener.fileno() >= 0:
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
        with self._lock:
            for session in self._open:
                session.connection.close()

    def recipients(self) -> list[str]:
        """Everybody who got a message, once for each."""
        return [recipient for message in list(self.received) for recipient in message.recipients]

    def log_tail(self) -> str:
        lines = [f"--- next hop {self.address}:{self.port}, {self.sessions} sessions, {len(self.received)} mails"]
        return "\n".join([*lines, *self.commands[-30:], *self.violations])

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # Stopped.
            with self._lock:
                self.sessions += 1
                session = _Session(self, connection, self.sessions)
                self._open.add(session)
            threading.Thread(target=self._serve, args=(session,), daemon=True).start()

    def _serve(self, session: "_Session") -> None:
        try:
            session.run()
        except (OSError, _Cut):
            pass
        finally:
            session.connection.close()
            with self._lock:
                self._open.discard(session)


class _Cut(Exception):
    """The script cuts the connection here."""


class _Session:
    def __init__(self, hop: NextHop, connection: socket.socket, number: int):
        self.hop, self.script, self.connection, self.number = hop, hop.script, connection, number
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b""
        self.encrypted = False
        self.sender, self.parameters, self.recipients = "", "", []

    def run(self) -> None:
        self._pause_or_cut("greeting")
        self._say(self.script.greeting)
        while True:
            line = self._line().decode(errors="replace")
            self.hop.commands.append(f"[{self.number}] {line}")
            verb = line.split(" ")[0].split(":")[0].upper()
            self._check_pipelining(verb)
            reply = getattr(self, f"_on_{verb.lower()}", self._on_unknown)(line)
            self._pause_or_cut(verb)
            self._say(reply)
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and reply.startswith("220"):
                self._begin_tls()
            if reply.startswith("354"):
                self._take_message()

    def _on_ehlo(self, _: str) -> str:
        if self.script.refuses_ehlo:
            return "502 5.5.1 Command not implemented"
        lines = ["hop.example", *self._offered()]
        return "\r\n".join(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines)

    def _on_helo(self, _: str) -> str:
        return "250 hop.example"

    def _on_starttls(self, line: str) -> str:
        return self.script.starttls_reply if "STARTTLS" in self._offered() else self._on_unknown(line)

    def _on_auth(self, line: str) -> str:
        """It takes everybody for whom he says he is."""
        return "235 2.7.0 Known" if "AUTH" in self._said_extensions() else self._on_unknown(line)

    def _on_mail(self, line: str) -> str:
        found = re.match(r"MAIL FROM:<([^>]*)>(.*)", line, re.IGNORECASE)
        if not found:
            return "501 5.5.2 Bad MAIL"
        self.sender, self.parameters, self.recipients = found.group(1), found.group(2).upper(), []
        self._check_parameters()
        return "250 2.1.0 Sender ok"

    def _on_rcpt(self, line: str) -> str:
        found = re.match(r"RCPT TO:<([^>]*)>", line, re.IGNORECASE)
        address = found.group(1) if found else ""
        if len(self.recipients) >= self.script.recipients_max:
            return "452 4.5.3 Too many recipients"
        waiting = self.script.recipient_replies.get(address, [])
        reply = waiting.pop(0) if waiting else "250 2.1.5 Recipient ok"
        if reply.startswith("2"):
            self.recipients.append(address)
        return reply

    def _on_data(self, _: str) -> str:
        return "354 Go on" if self.recipients else "554 5.5.1 No valid recipients"

    def _on_rset(self, _: str) -> str:
        self.recipients = []
        return "250 2.0.0 Reset"

    def _on_noop(self, _: str) -> str:
        return "250 2.0.0 Ok"

    def _on_quit(self, _: str) -> str:
        return "221 2.0.0 Bye"

    def _on_unknown(self, _: str) -> str:
        return "500 5.5.1 Unknown command"

    def _begin_tls(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.script.certificate.file, self.script.certificate.key)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.encrypted, self.input = True, b""

    def _offered(self) -> list[str]:
        begins_tls = self.script.certificate and not self.encrypted
        return [*self.script.extensions, *(["STARTTLS"] if begins_tls else [])]

    def _take_message(self) -> None:
        lines: list[bytes] = []
        while (line := self._line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        data = b"".join(line + b"\r\n" for line in lines)
        self._check_data(data)
        reply = self.script.data_replies.pop(0) if self.script.data_replies else "250 2.0.0 Taken"
        if reply.startswith("2"):
            message = Received(self.sender, self.parameters, self.recipients, data, self.number)
            self._pause_or_cut(".before")
            self.hop.received.append(message)
        self.recipients = []
        self._pause_or_cut(".")
        self._say(reply)

    def _pause_or_cut(self, at: str) -> None:
        time.sleep(self.script.delays.get(at, 0))
        if self.script.cut_after and self.script.cut_after[0] == at:
            self.script.cut_after.pop(0)
            raise _Cut

    def _check_pipelining(self, verb: str) -> None:
        if self.input and "PIPELINING" not in self._said_extensions():
            self.hop.violations.append(f"more was sent before the reply to {verb}, without PIPELINING")

    def _check_parameters(self) -> None:
        for parameter in self.parameters.split():
            keyword = {"BODY": "8BITMIME"}.get(parameter.split("=")[0], parameter.split("=")[0])
            if keyword not in self._said_extensions():
                self.hop.violations.append(f"MAIL has {parameter}, which was not offered")

    def _check_data(self, data: bytes) -> None:
        if b"\r" in data.replace(b"\r\n", b"") or b"\n" in data.replace(b"\r\n", b""):
            self.hop.violations.append("a bare CR or LF was sent")
        if "8BITMIME" not in self._said_extensions() and any(byte > 127 for byte in data):
            self.hop.violations.append("eight-bit data was sent, without 8BITMIME")

    def _said_extensions(self) -> set[str]:
        return set() if self.script.refuses_ehlo else {name.split()[0] for name in self._offered()}

    def _line(self) -> bytes:
        while b"\r\n" not in self.input:
            data = self.connection.recv(65536)
            if not data:
                raise _Cut
            self.input += data
        line, self.input = self.input.split(b"\r\n", 1)
        return line

    def _say(self, reply: str) -> None:
        self.connection.sendall(reply.encode(errors="surrogateescape") + b"\r\n")
