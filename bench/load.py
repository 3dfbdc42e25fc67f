"""What sends mail to a server and what takes it from there: Postfix's smtp-source and smtp-sink,
and `veredus bench source` and `sink` for what those can't do."""

import json
import os
import re
import select
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from harness.waiting import free_port, wait_until
from peer_daemon import inside, listens
from server import FAR_RECIPIENT, SENDER, Papers

BACKLOG = "4000"
# Our sink tells ten times a second what it has, so that a run with it lasts this many times as long.
OWN_SINK_TIMES = 3
END_SECONDS_MAX = 10


class BenchError(Exception):
    """A run is worthless: mail was lost or doubled, or the load could not be made."""


@dataclass(frozen=True)
class Load:
    messages: int
    octets: int = 4096
    sessions: int = 20
    keeps: bool = True  # A session for many messages; else each has a connection of its own.
    recipient: str = FAR_RECIPIENT
    seconds_max: float = 180
    # Of our own source alone.
    tls: bool = False
    rate: float = 0  # Messages a second, however the server does; 0: as many as it takes.
    domains: int = 0  # The Kth message goes to LOCAL@d<K mod domains>.DOMAIN.


class Source:
    """A generator at work, from construction to the end of `with`."""

    def __init__(self, name: str, command: Sequence[object]):
        self.name = name
        self._process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "Source":
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)

    def has_ended(self) -> bool:
        return self._process.poll() is not None

    def has_failed(self) -> bool:
        return self._process.poll() not in (None, 0)

    def wait(self, seconds: float) -> None:
        self._process.wait(seconds)

    def report(self) -> dict:
        """What our own says when it has ended."""
        return json.loads(self._process.stdout.read())


class SmtpSource:
    name = "smtp-source"

    def start(self, load: Load, port: int) -> Source:
        assert not (load.tls or load.rate or load.domains)
        return Source(self.name, inside(
            "/usr/sbin/smtp-source", *(["-d"] if load.keeps else []), "-s", str(load.sessions), "-m",
            str(load.messages), "-l", str(load.octets), "-f", SENDER, "-t", load.recipient, "-M", "client.example",
            f"127.0.0.1:{port}"))


@dataclass(frozen=True)
class OwnSource:
    program: Path
    pipelining: bool = True

    @property
    def name(self) -> str:
        return "veredus bench source" if self.pipelining else "the same, not pipelining"

    def start(self, load: Load, port: int) -> Source:
        options = [] if load.keeps else ["--reconnect"]
        options += ["--tls"] if load.tls else []
        options += ["--rate", f"{load.rate:.1f}"] if load.rate else []
        options += ["--domains", load.domains] if load.domains else []
        options += [] if self.pipelining else ["--no-pipelining"]
        return Source(self.name, [
            self.program, "bench", "source", "--server", f"127.0.0.1:{port}", "--messages", load.messages,
            "--sessions", load.sessions, "--size", load.octets, "--from", SENDER, "--to", load.recipient,
            "--deadline", f"{load.seconds_max:.0f}", "--json", *options])


class Sink:
    """Takes everything at `port`, from construction to the end of `with`."""

    def __init__(self, port: int, command: Sequence[object], pattern: bytes):
        """The last match of `pattern` in the output is the number of messages."""
        self.port, self.received, self._tail, self._pattern = port, 0, b"", pattern
        self._process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        os.set_blocking(self._process.stdout.fileno(), False)
        wait_until(lambda: listens("127.0.0.1", port), END_SECONDS_MAX, f"{command[0]} listens")

    def __enter__(self) -> "Sink":
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)

    def count(self, seconds: float) -> int:
        """The messages it has by now; waits up to `seconds` for news of any."""
        output = self._process.stdout
        if select.select([output], [], [], seconds)[0]:
            self._read((output.read() or b""))
        return self.received

    def cpu_seconds(self) -> float:
        return cpu_seconds_of(self._process.pid)

    def _read(self, news: bytes) -> None:
        self._tail = (self._tail + news)[-4000:]
        counts = re.findall(self._pattern, self._tail)
        self.received = int(counts[-1]) if counts else self.received


class SmtpSink(Sink):
    name = "smtp-sink"

    def __init__(self, *options: str):
        port = free_port()
        super().__init__(port, inside("/usr/sbin/smtp-sink", "-c", "-u", "nobody", *options, f"127.0.0.1:{port}",
                                      BACKLOG), rb"mesg= *(\d+) *\r")


class OwnSink(Sink):
    """At every 127.x.y.z. Tells what it has ten times a second."""

    name = "veredus bench sink"

    def __init__(self, program: Path, papers: Papers | None = None, latency: str = ""):
        port = free_port()
        self.open_max = 0
        options = ["--latency", latency] if latency else []
        options += ["--certificate", papers.file, "--key", papers.key] if papers else []
        super().__init__(port, [program, "bench", "sink", "--listen", f"0.0.0.0:{port}", *options],
                         rb"messages=(\d+) .*\n")

    def _read(self, news: bytes) -> None:
        super()._read(news)
        self.open_max = max([self.open_max, *map(int, re.findall(rb"open=(\d+)\n", self._tail))])


def why_no_own(program: Path) -> str:
    """Why `program` can't make our own load, or nothing."""
    done = subprocess.run([program, "bench", "source", "--help"], capture_output=True, check=False)
    return "" if done.returncode == 0 else f"{program} has no `bench source` and `bench sink`"


def cpu_seconds_of(process_id: int) -> float:
    with open(f"/proc/{process_id}/stat", encoding="utf-8") as stat:
        words = stat.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _end(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()
