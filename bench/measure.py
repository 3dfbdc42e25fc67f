"""One measured run: smtp-source sends to a server, smtp-sink counts what comes out."""

import os
import re
import select
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import paths  # noqa: F401
from accounts import machine_cpu_seconds
from harness.waiting import free_port, wait_until
from peer_daemon import inside, listens
from servers import WORK_ACCEPT, WORK_RELAY

LIMIT = "no server"  # The run of the generator straight into the sink.
SETTLE_SECONDS = 0.3  # What a server still does after its last message belongs to it.
QUIET_SECONDS = 0.5


class BenchError(Exception):
    """A run is worthless: mail was lost, or the load could not be made."""


@dataclass
class Load:
    messages: int
    octets: int = 4096
    sessions: int = 20
    seconds_max: float = 120


@dataclass
class Figures:
    """What one run gave."""

    server: str
    work: str
    messages: int
    seconds: float
    cpu_seconds: float  # Of all processes of the server.
    other_cores: float  # Cores used by neither server nor load: above 0.15 the run was disturbed.

    @property
    def messages_per_second(self) -> float:
        return self.messages / self.seconds

    @property
    def cpu_ms_per_message(self) -> float:
        return self.cpu_seconds * 1000 / self.messages


def relay(server, sink: "Sink", load: Load) -> Figures:
    """Ends when the sink has the last message. `server` is started and sends to `sink`."""
    watch = _Watch(server, WORK_RELAY, load)
    with _generator(server.port, load) as generator:
        while sink.count(0.05) < load.messages:
            watch.fail_if_late(f"{sink.received} of {load.messages} messages came through")
            if generator.poll() not in (None, 0):
                raise BenchError(f"smtp-source failed against {server.name}\n{server.log_tail()}")
        watch.finished()
        generator.wait(load.seconds_max)
    if sink.count(SETTLE_SECONDS) != load.messages:
        raise BenchError(f"{server.name}: {sink.received} messages came out for {load.messages} that went in")
    return watch.figures(sink)


def accept(server, load: Load) -> Figures:
    """Ends when the last message is acknowledged. `server` is started and can deliver nothing."""
    watch = _Watch(server, WORK_ACCEPT, load)
    with _generator(server.port, load) as generator:
        while generator.poll() is None:
            watch.fail_if_late("smtp-source has not finished")
            time.sleep(0.002)
        watch.finished()
    if generator.returncode != 0:
        raise BenchError(f"smtp-source failed against {server.name}\n{server.log_tail()}")
    waiting = server.waiting_messages()
    if waiting != load.messages:
        raise BenchError(f"{server.name} acknowledged {load.messages} messages and has {waiting}")
    return watch.figures()


def limit(sink: "Sink", load: Load) -> Figures:
    """The generator straight into the sink: no server can be faster."""
    began = time.monotonic()
    with _generator(sink.port, load) as generator:
        while sink.count(0.05) < load.messages:
            if time.monotonic() - began > load.seconds_max:
                raise BenchError("smtp-source and smtp-sink do not get on")
        seconds = time.monotonic() - began
        generator.wait()
    return Figures(LIMIT, WORK_RELAY, load.messages, seconds, 0, 0)


class Sink:
    """smtp-sink, which takes everything and counts it."""

    def __init__(self):
        self.port = free_port()
        self.received = 0
        self._tail = b""
        self._process = subprocess.Popen(
            inside("/usr/sbin/smtp-sink", "-c", "-u", "nobody", f"127.0.0.1:{self.port}", "4000"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self._process.stdout.fileno(), False)
        wait_until(lambda: listens("127.0.0.1", self.port), 10, "smtp-sink listens")

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()

    def count(self, seconds: float) -> int:
        """The messages it has by now; waits up to `seconds` for news of any."""
        output = self._process.stdout
        if select.select([output], [], [], seconds)[0]:
            self._tail = (self._tail + (output.read() or b""))[-400:]
            counts = re.findall(rb"mesg= *(\d+) *\r", self._tail)
            self.received = int(counts[-1]) if counts else self.received
        return self.received

    def cpu_seconds(self) -> float:
        return _cpu_seconds_of(self._process.pid)


def _cpu_seconds_of(process_id: int) -> float:
    with open(f"/proc/{process_id}/stat", encoding="utf-8") as stat:
        words = stat.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def _generator(port: int, load: Load) -> Iterator[subprocess.Popen]:
    """smtp-source; with -d a session is kept for all its messages."""
    process = subprocess.Popen(
        inside("/usr/sbin/smtp-source", "-d", "-s", str(load.sessions), "-m", str(load.messages), "-l",
               str(load.octets), "-f", "me@client.example", "-t", "you@far.example", "-M", "client.example",
               f"127.0.0.1:{port}"),
        stdin=subprocess.DEVNULL)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


class _Watch:
    """Times a run and reads the accounts before and after it."""

    def __init__(self, server, work: str, load: Load):
        self._server, self._work, self._load = server, work, load
        os.sync()  # What earlier runs left to be written is not this one's.
        time.sleep(QUIET_SECONDS)
        self._seconds = 0.0
        self._cpu, self._machine, self._own = self._readings()
        self._began = time.monotonic()

    def fail_if_late(self, what: str) -> None:
        if time.monotonic() - self._began > self._load.seconds_max:
            raise BenchError(f"{self._server.name}: {what} after {self._load.seconds_max:g} s\n"
                             f"{self._server.log_tail()}")

    def finished(self) -> None:
        self._seconds = time.monotonic() - self._began

    def figures(self, sink: "Sink | None" = None) -> Figures:
        time.sleep(SETTLE_SECONDS)
        cpu, machine, own = self._readings()
        used = cpu - self._cpu
        others = machine - self._machine - used - (own - self._own) - (sink.cpu_seconds() if sink else 0)
        return Figures(self._server.name, self._work, self._load.messages, self._seconds, used,
                       max(0.0, others) / (self._seconds + 2 * SETTLE_SECONDS))

    def _readings(self) -> tuple[float, float, float]:
        times = os.times()
        return (self._server.account.cpu_seconds(), machine_cpu_seconds(),
                times.user + times.system + times.children_user + times.children_system)
