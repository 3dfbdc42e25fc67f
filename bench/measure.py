"""One measured run: a generator sends to a server until all its messages are where they belong."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from accounts import PeakMemory, machine_cpu_seconds
from flushes import Disk
from harness.waiting import wait_until
from load import BenchError, Load, Sink, Source
from peer_paths import RUN
from server import Server

SETTLE_SECONDS = 0.3  # What a server still does after its last message belongs to it.
QUIET_SECONDS = 0.5
POLL_SECONDS = 0.02
EMPTY_SECONDS_MAX = 10
NO_SERVER = "no server"


@dataclass
class Run:
    """What one run gave. With an error it gives nothing else."""

    work: str
    server: str
    messages: int
    octets: int
    variant: str = ""  # How the work was done, where it is compared with another way.
    seconds: float = 0
    cpu_seconds: float = 0  # Of all processes of the server.
    other_cores: float = 0  # Cores used by neither server nor load: above 0.15 the run was disturbed.
    memory_kib: int = 0  # The most that all its processes had (PSS).
    connections: int = 0  # The most it had open to the sink, where the sink tells.
    flushes: int | None = None  # Of the disk, where somebody counts them.
    error: str = ""

    @property
    def rate(self) -> float:
        return self.messages / self.seconds if self.seconds else 0

    @property
    def cpu_ms(self) -> float:
        return self.cpu_seconds * 1000 / self.messages

    @property
    def flushes_each(self) -> float:
        return (self.flushes or 0) / self.messages


class Watch:
    """Times a run and reads the accounts before and after it."""

    def __init__(self, server: Server, load: Load, sink: Sink | None = None):
        self._server, self._load, self._sink = server, load, sink
        self._disk = Disk(RUN)
        os.sync()  # What earlier runs left to be written is not this one's.
        time.sleep(QUIET_SECONDS)
        self._seconds = 0.0
        self._peak = PeakMemory(server.account)
        self._cpu, self._machine, self._own = self._readings()
        self._flushes = self._disk.flushes()
        self._began = time.monotonic()

    def __enter__(self) -> "Watch":
        return self

    def __exit__(self, *_: object) -> None:
        self._peak.stop()

    def check(self, source: Source, where_it_is: Callable[[], str]) -> None:
        """Fails when the run can't end well any more."""
        if source.has_failed():
            raise BenchError(f"{source.name} failed against {self._server.name}\n{self._server.log_tail()}")
        if time.monotonic() - self._began > self._load.seconds_max:
            raise BenchError(f"{self._server.name}: {where_it_is()} after {self._load.seconds_max:g} s\n"
                             f"{self._server.log_tail()}")

    def finished(self) -> None:
        self._seconds = time.monotonic() - self._began

    def run(self, work: str, variant: str = "") -> Run:
        time.sleep(SETTLE_SECONDS)
        cpu, machine, own = self._readings()
        used = cpu - self._cpu
        others = max(0.0, machine - self._machine - used - (own - self._own))
        flushes = self._disk.flushes()
        return Run(work, self._server.name, self._load.messages, self._load.octets, variant, self._seconds, used,
                   others / (self._seconds + 2 * SETTLE_SECONDS), self._peak.stop(),
                   flushes=None if flushes is None else flushes - (self._flushes or 0))

    def _readings(self) -> tuple[float, float, float]:
        times = os.times()
        own = times.user + times.system + times.children_user + times.children_system
        return (self._server.account.cpu_seconds(), machine_cpu_seconds(),
                own + (self._sink.cpu_seconds() if self._sink else 0))


def relay(work: str, server: Server, sink: Sink, load: Load, generator) -> Run:
    """Ends when the sink has the last message. `server` is started and sends to `sink`."""
    return _until_arrived(work, server, load, generator, sink.count, sink)


def deliver(work: str, server: Server, load: Load, generator) -> Run:
    """Ends when the last message is in the Maildir."""
    new = server.maildir() / "new"

    def count(seconds: float) -> int:
        time.sleep(seconds)
        return len(os.listdir(new)) if new.is_dir() else 0
    return _until_arrived(work, server, load, generator, count)


def _until_arrived(work: str, server: Server, load: Load, generator, count: Callable[[float], int],
                   sink: Sink | None = None) -> Run:
    arrived = 0
    with Watch(server, load, sink) as watch, generator.start(load, server.port) as source:
        while arrived < load.messages:
            # A Maildir is looked through, which takes time from the load while it lasts.
            arrived = count(POLL_SECONDS if sink or source.has_ended() else 10 * POLL_SECONDS)
            watch.check(source, lambda: f"{arrived} of {load.messages} messages came through")
        watch.finished()
        source.wait(load.seconds_max)
        run = watch.run(work)
    if count(SETTLE_SECONDS) != load.messages:
        raise BenchError(f"{server.name}: {count(0)} messages came out for {load.messages} that went in")
    wait_until(lambda: server.waiting_messages() == 0, EMPTY_SECONDS_MAX, f"{server.name} has nothing left to send",
               lambda: f"{server.waiting_messages()} messages wait")
    return run


def accept(work: str, server: Server, load: Load, generator) -> Run:
    """Ends when the last message is acknowledged. `server` is started and can deliver nothing."""
    with Watch(server, load) as watch, generator.start(load, server.port) as source:
        while not source.has_ended():
            watch.check(source, lambda: f"{generator.name} has not finished")
            time.sleep(0.002)
        watch.finished()
        watch.check(source, lambda: "it ended")
        run = watch.run(work)
    check_waiting(server, load.messages)
    return run


def check_waiting(server: Server, messages: int) -> None:
    waiting = server.waiting_messages()
    if waiting != messages:
        raise BenchError(f"{server.name} acknowledged {messages} messages and has {waiting}")


def straight(work: str, sink: Sink, load: Load, generator) -> Run:
    """The generator straight into the sink: no server can be faster."""
    began = time.monotonic()
    with generator.start(load, sink.port) as source:
        while sink.count(POLL_SECONDS) < load.messages:
            if source.has_failed() or time.monotonic() - began > load.seconds_max:
                raise BenchError(f"{generator.name} and the sink do not get on")
        seconds = time.monotonic() - began
        source.wait(load.seconds_max)
    return Run(work, NO_SERVER, load.messages, load.octets, seconds=seconds)


def check_each_once(texts: list[Path], messages: int) -> None:
    """By their Message-IDs, in what a sink or a Maildir kept: none twice, none missing."""
    found = []
    for text in texts:
        with open(text, "rb") as lines:
            found += [line for line in lines if line.lower().startswith(b"message-id:")]
    if (len(found), len(set(found))) != (messages, messages):
        raise BenchError(f"of {messages} messages {len(set(found))} arrived, in {len(found)} copies")
