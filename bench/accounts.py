"""What a server uses: CPU time and memory of all its processes, those that have ended too.

By a control group of its own where we may make one (cpuacct of version 1, else version 2), or else
from the process tree in /proc, whose clock ticks only a hundred times a second.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
END_SECONDS_MAX = 5
SAMPLE_SECONDS = 0.25


def open_account(name: str) -> "ControlGroup | ProcessTree":
    """The most exact account that this machine allows."""
    for kind in _control_group_kinds():
        try:
            return ControlGroup(kind, name)
        except OSError:
            continue  # Not ours to write, as in most containers.
    return ProcessTree()


def memory_kib(process_ids: list[int]) -> int:
    """Proportional set size (PSS): each shared page is divided among those who share it."""
    total = 0
    for process_id in process_ids:
        try:
            lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # It has ended.
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total


class PeakMemory:
    """The most that an account's processes had, as far as samples tell; taken from construction to stop()."""

    def __init__(self, account: "ControlGroup | ProcessTree"):
        self._account, self._peak_kib = account, 0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self._thread.start()

    def stop(self) -> int:
        """In KiB (PSS)."""
        self._stopping.set()
        self._thread.join()
        return self._peak_kib

    def _sample(self) -> None:
        ends = False
        while not ends:
            ends = self._stopping.wait(SAMPLE_SECONDS)  # The last sample is taken when all is done.
            self._peak_kib = max(self._peak_kib, memory_kib(self._account.process_ids()))


def machine_cpu_seconds() -> float:
    """CPU time that everything on this machine has used since it started."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle, waiting_for_disk = ticks[3], ticks[4]
    return (sum(ticks) - idle - waiting_for_disk) / TICKS_PER_SECOND


@dataclass
class _Kind:
    """One way of counting by control groups: where they are and how they tell."""

    mount: Path
    controller: str  # As in /proc/self/cgroup; empty: version 2.

    @property
    def source(self) -> str:
        return "control group, version 1 (cpuacct)" if self.controller else "control group, version 2"

    def own_group(self) -> Path:
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if self.controller in controllers.split(","):
                return self.mount / path.lstrip("/")
        raise OSError(f"not in any group of {self.mount}")

    def cpu_seconds(self, group: Path) -> float:
        if self.controller:
            return int((group / "cpuacct.usage").read_text()) / 1e9
        lines = (group / "cpu.stat").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("usage_usec")) / 1e6


def _control_group_kinds() -> Iterator[_Kind]:
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    yield from (_Kind(Path(words[1]), "cpuacct") for words in mounts
                if words[2] == "cgroup" and "cpuacct" in words[3].split(","))
    yield from (_Kind(Path(words[1]), "") for words in mounts if words[2] == "cgroup2")


class ControlGroup:
    def __init__(self, kind: _Kind, name: str):
        self._kind = kind
        self._own = kind.own_group()
        self._group = self._own / name
        self._group.mkdir()
        try:
            with self.for_what_starts():
                pass
            kind.cpu_seconds(self._group)
        except OSError:
            self._group.rmdir()
            raise

    @property
    def source(self) -> str:
        return self._kind.source

    @contextmanager
    def for_what_starts(self) -> Iterator[None]:
        """What is started meanwhile is counted: it inherits our group."""
        self._move_us_to(self._group)
        try:
            yield
        finally:
            self._move_us_to(self._own)

    def follow(self, leader: int) -> None:
        """The server's first process; a group needs no telling."""

    def cpu_seconds(self) -> float:
        return self._kind.cpu_seconds(self._group)

    def process_ids(self) -> list[int]:
        return [int(line) for line in (self._group / "cgroup.procs").read_text().split()]

    def close(self) -> None:
        """When all has ended; the last processes may need a moment for it."""
        deadline = time.monotonic() + END_SECONDS_MAX
        while self.process_ids() and time.monotonic() < deadline:
            time.sleep(0.05)
        with suppress(OSError):  # Held by a process that does not end, an empty group costs nothing.
            self._group.rmdir()

    @staticmethod
    def _move_us_to(group: Path) -> None:
        (group / "cgroup.procs").write_text(str(os.getpid()))


@dataclass
class ProcessTree:
    """Counts the processes below a leader, and what they have already waited for."""

    source: str = "process tree in /proc"
    _leader: int = field(default=0, init=False)

    @contextmanager
    def for_what_starts(self) -> Iterator[None]:
        yield

    def follow(self, leader: int) -> None:
        self._leader = leader

    def cpu_seconds(self) -> float:
        stats = _process_stats()
        ticks = sum(sum(int(word) for word in stats[process_id][11:15]) for process_id in self._below(stats))
        return ticks / TICKS_PER_SECOND

    def process_ids(self) -> list[int]:
        return self._below(_process_stats())

    def close(self) -> None:
        self._leader = 0

    def _below(self, stats: dict[int, list[str]]) -> list[int]:
        found = [self._leader] if self._leader in stats else []
        for parent in found:  # Grows while we go.
            found += [process_id for process_id, words in stats.items() if int(words[1]) == parent]
        return found


def _process_stats() -> dict[int, list[str]]:
    """For each process the words of its stat after the name: [1] parent, [11:15] its and its ended children's ticks."""
    stats = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                stats[int(folder.name)] = (folder / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue  # It has ended.
    return stats
