"""Memory of a session that has said EHLO and then does nothing."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paths  # noqa: F401
from accounts import memory_kib
from harness.raw_client import RawClient

SETTLE_SECONDS = 1


@dataclass
class IdleFigures:
    server: str
    sessions: int
    kib_per_session: float
    processes: int


def idle_memory(server, sessions: int) -> IdleFigures:
    """The growth of all its processes from one session to `sessions` more. `server` is started."""
    with _open_sessions(server.port, 1):
        before = memory_kib(server.account.process_ids())
        with _open_sessions(server.port, sessions):
            time.sleep(SETTLE_SECONDS)
            process_ids = server.account.process_ids()
            grown = memory_kib(process_ids) - before
    return IdleFigures(server.name, sessions, grown / sessions, len(process_ids))


@contextmanager
def _open_sessions(port: int, count: int) -> Iterator[None]:
    clients: list[RawClient] = []
    try:
        for _ in range(count):
            clients.append(RawClient(port))
            reply = clients[-1].greet()
            assert reply.code == 250, f"EHLO in session {len(clients)}: {reply}"
        yield
    finally:
        for client in clients:
            client.socket.shutdown(socket.SHUT_RDWR)
            client.socket.close()
