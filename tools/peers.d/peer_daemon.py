"""One running peer: a process group of its own inside the root, with a folder for all it writes."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from peer_paths import INSIDE_RUN, ROOT, RUN, PeerError

START_SECONDS_MAX = 15
STOP_SECONDS_MAX = 2


def inside(*command: str) -> list[str]:
    """The command line that runs `command` inside the root."""
    return ["chroot", str(ROOT), *command]


def run_inside(*command: str, text: str | None = None, timeout: float = 60) -> subprocess.CompletedProcess:
    """Runs a program of the root to its end; output and errors together."""
    return subprocess.run(inside(*command), input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=timeout, check=False)


def listens(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((address, port)) == 0


@dataclass
class Peer:
    """A peer and where it lives. `inside_folder` is the folder as the peer itself names it."""

    name: str
    port: int = 0
    address: str = "127.0.0.1"
    command: list[str] = field(default_factory=list)
    logs: list[str] = field(default_factory=lambda: ["output.log"])

    @property
    def folder(self) -> Path:
        return RUN / self.name

    @property
    def inside_folder(self) -> str:
        return f"{INSIDE_RUN}/{self.name}"

    def fresh_folder(self) -> Path:
        """An empty folder, readable by the users the peer changes to."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.folder.chmod(0o755)
        return self.folder

    def start(self, lasting: bool = False) -> "Peer":
        """Starts it and waits until it listens. It ends with the caller unless `lasting`."""
        bound_to_us = [] if lasting else ["setpriv", "--pdeathsig", "TERM", "--"]
        with open(self.folder / "output.log", "ab") as output:
            process = subprocess.Popen([*bound_to_us, *inside(*self.command)], stdin=subprocess.DEVNULL,
                                       stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        (self.folder / "pid").write_text(str(process.pid))
        deadline = time.monotonic() + START_SECONDS_MAX
        while not listens(self.address, self.port):
            if process.poll() is not None or time.monotonic() > deadline:
                state = f"ended with {process.returncode}" if process.returncode is not None else "does not listen"
                self.stop()
                raise PeerError(f"{self.name} {state}\n{self.log_tail()}")
            time.sleep(0.05)
        return self

    def process_id(self) -> int | None:
        """Its process, if it still runs: the id alone could by now belong to somebody else."""
        try:
            pid = int((self.folder / "pid").read_text())
            return pid if Path(os.readlink(f"/proc/{pid}/root")) == ROOT.resolve() else None
        except (OSError, ValueError):
            return None

    def stop(self) -> None:
        pid = self.process_id()
        if pid is not None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS_MAX
            while _runs(pid) and time.monotonic() < deadline:
                time.sleep(0.05)
            _kill_group(pid)
        (self.folder / "pid").unlink(missing_ok=True)

    def log_tail(self, lines: int = 25) -> str:
        parts = []
        for name in self.logs:
            path = self.folder / name
            if path.exists():
                tail = path.read_text(errors="replace").splitlines()[-lines:]
                parts.append("\n".join([f"--- {self.name}/{name}", *tail]))
        return "\n".join(parts)


def _runs(pid: int) -> bool:
    """Also collects the process when it is a child of ours."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _kill_group(pid: int) -> None:
    """What is left of the group the peer led (a delivery under way, say)."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
