"""Memory of a session that has said EHLO, perhaps under TLS, and then does nothing."""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paths  # noqa: F401
from accounts import memory_kib
from bench import FAILURES, Bench
from harness.raw_client import Gone, RawClient
from server import Kind, Server, Site

SETTLE_SECONDS = 1
TLS_SESSIONS_MAX = 1000
SPARE_SESSIONS = 100


@dataclass
class IdleFigures:
    server: str
    sessions: int
    kib_per_session: float = 0
    processes: int = 0
    error: str = ""


@dataclass(frozen=True)
class Idle:
    name: str
    says: str
    tls: bool = False
    figure: type = IdleFigures

    def measure(self, bench: Bench) -> list[IdleFigures]:
        if not bench.options.idle:
            return []
        papers = bench.papers() if self.tls else None
        return [self._idle(bench, kind, papers) for kind in bench.able(self.name, Site(papers=papers))]

    def table(self, figures: list[IdleFigures]) -> list[list[str]]:
        rows = [["server", "sessions", "KiB each (PSS)", "processes"]]
        for run in figures:
            found = ["", f"refused: {run.error}", ""] if run.error else [
                f"{run.sessions:,}", f"{run.kib_per_session:,.1f}", str(run.processes)]
            rows.append([run.server, *found])
        return rows

    def _idle(self, bench: Bench, kind: Kind, papers) -> IdleFigures:
        sessions = min(bench.options.idle, kind.idle_sessions_max, *([TLS_SESSIONS_MAX] if self.tls else []))
        site = Site(papers=papers, sessions_max=sessions + SPARE_SESSIONS)
        try:
            with bench.running(kind, site) as server:
                found = self._memory(server, sessions)
        except (*FAILURES, Gone) as error:
            return IdleFigures(kind.name, sessions, error=str(error).split("\n", 1)[0])
        bench.say(f"{self.name}, {kind.name}: {found.kib_per_session:,.1f} KiB a session")
        return found

    def _memory(self, server: Server, sessions: int) -> IdleFigures:
        """The growth of all its processes from one session to `sessions` more."""
        with self._open_sessions(server.port, 1):
            before = memory_kib(server.account.process_ids())
            with self._open_sessions(server.port, sessions):
                time.sleep(SETTLE_SECONDS)
                process_ids = server.account.process_ids()
                grown = memory_kib(process_ids) - before
        return IdleFigures(server.name, sessions, grown / sessions, len(process_ids))

    @contextmanager
    def _open_sessions(self, port: int, count: int) -> Iterator[None]:
        clients: list[RawClient] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            for _ in range(count):
                clients.append(RawClient(port))
                reply = clients[-1].greet()
                if self.tls:
                    assert clients[-1].ask("STARTTLS").code == 220
                    clients[-1].socket = context.wrap_socket(clients[-1].socket)
                    reply = clients[-1].ask("EHLO client.example")
                assert reply.code == 250, f"EHLO in session {len(clients)}: {reply}"
            yield
        finally:
            for client in clients:
                client.socket.shutdown(socket.SHUT_RDWR)
                client.socket.close()


WORKS = [
    Idle("idle", "growth of the memory of all processes by a session after EHLO"),
    Idle("idle_tls", "the same, with EHLO said again under TLS (TLS 1.3, STARTTLS)", tls=True),
]
