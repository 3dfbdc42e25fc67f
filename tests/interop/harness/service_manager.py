"""What systemd does for a service, as far as a test needs it: the socket by which the service tells
how it is, and a launcher that hands it listening sockets (sd_notify(3), sd_listen_fds(3))."""

import socket
import sys
from pathlib import Path

# argv: descriptors of the sockets, "--", the program and its arguments.
_LAUNCHER = """
import os, sys
split = sys.argv.index("--")
copies = [os.dup(int(number)) for number in sys.argv[1:split]]
high = [os.dup2(copy, 200 + i) for i, copy in enumerate(copies)]
for i, number in enumerate(high):
    os.dup2(number, 3 + i)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(high)), LISTEN_FDNAMES="smtp")
os.execv(sys.argv[split + 1], sys.argv[split + 1:])
"""


def launcher(sockets: list[socket.socket]) -> list[str]:
    """What to put before a command so that it gets `sockets`, which must be passed to it."""
    return [sys.executable, "-c", _LAUNCHER, *(str(passed.fileno()) for passed in sockets), "--"]


class NotifySocket:
    """Where the service tells how it is."""

    def __init__(self, path: Path):
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        path.chmod(0o666)
        self._said: list[str] = []

    def said(self) -> list[str]:
        """Every message so far."""
        while True:
            try:
                self._said.append(self._socket.recv(4096, socket.MSG_DONTWAIT).decode())
            except BlockingIOError:
                return self._said

    def has_said(self, beginning: str, times: int = 1) -> bool:
        return sum(message.startswith(beginning) for message in self.said()) >= times

    def close(self) -> None:
        self._socket.close()
