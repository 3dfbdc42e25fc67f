"""What TLS costs: handshakes beside the bare signature of the key, and messages with and without it."""

import os
import re
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from accounts import open_account
from bench import Bench
from harness.certificates import openssl
from harness.waiting import free_port, wait_until
from load import BenchError
from peer_daemon import listens
from server import FAR_RECIPIENT, SENDER, Papers, Site
from server_veredus import Program, Veredus

HANDSHAKE_SECONDS = 2
SPEED_SECONDS = 1
SETTLE_SECONDS = 0.3
REFERENCE = "openssl s_server"
# How openssl(1) names the algorithm of a key's signature.
SPEED = {"P-256": "ecdsap256", "RSA 2048": "rsa2048"}
# s_time reads nothing after the handshake: tickets of TLS 1.3 never reach it.
KINDS = {"TLS 1.3": ["-new", "-tls1_3"], "TLS 1.2": ["-new", "-tls1_2"], "TLS 1.2, resumed": ["-reuse", "-tls1_2"]}
PLAIN, STARTTLS = "plain", "STARTTLS"


@dataclass
class HandshakeFigures:
    key: str
    server: str
    kind: str  # Of KINDS.
    per_second: float
    cpu_ms: float  # Of the server, each.
    signature_ms: float  # Of openssl speed: one core, nothing but the signature.


@dataclass
class MessageFigures:
    server: str
    how: str
    messages_per_second: float
    cpu_ms_per_message: float


def signature_ms(key: str) -> float:
    text = openssl("speed", "-seconds", SPEED_SECONDS, "-mr", SPEED[key])
    # +F4:number:bits:signatures a second:verifications a second for ECDSA, +F2 for RSA
    found = re.search(r"^\+F[24]:\d+:\d+:([\d.]+):", text, re.MULTILINE)
    if not found:
        raise BenchError(f"openssl speed says something else:\n{text}")
    return 1000 / float(found.group(1))


def handshakes(server, port: int, key: str, signature: float) -> Iterator[HandshakeFigures]:
    """By openssl s_time, one connection after the other, each closed when the handshake is done."""
    for kind, options in KINDS.items():
        before = server.account.cpu_seconds()
        done = subprocess.run(["openssl", "s_time", "-connect", f"127.0.0.1:{port}", *options, "-time",
                               str(HANDSHAKE_SECONDS)], capture_output=True, text=True, check=False)
        time.sleep(SETTLE_SECONDS)
        used = server.account.cpu_seconds() - before
        found = re.search(r"^(\d+) connections in (\d+) real seconds", done.stdout, re.MULTILINE)
        if not found or int(found.group(1)) == 0:
            raise BenchError(f"{server.name}: openssl s_time shook no hands\n{done.stdout}{done.stderr}")
        count = int(found.group(1))
        yield HandshakeFigures(key, server.name, kind, count / HANDSHAKE_SECONDS, used * 1000 / count, signature)


class OpenSslServer:
    """openssl s_server: what the library does by itself, on one thread."""

    name = REFERENCE

    def __init__(self, folder: Path, papers: Papers):
        self.port = free_port()
        self._papers = papers
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")
        self._process: subprocess.Popen | None = None

    def start(self) -> "OpenSslServer":
        with self.account.for_what_starts():
            self._process = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", self._papers.file, "-key",
                 self._papers.key, "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
        self.account.follow(self._process.pid)
        wait_until(lambda: listens("127.0.0.1", self.port), 10, "openssl s_server listens")
        return self

    def stop(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self.account.close()


class Handshakes:
    name = "handshakes"
    says = ("openssl s_time on port 465's service, each connection closed when the handshake is done; beside openssl "
            "s_server, and beside the time that openssl speed takes for one signature with the same kind of key")
    figure = HandshakeFigures

    def measure(self, bench: Bench) -> list[HandshakeFigures]:
        found: list[HandshakeFigures] = []
        for key in SPEED:
            for _ in range(bench.options.rounds):
                papers = Papers.make(bench.new_folder("papers"), key)
                signature = signature_ms(key)
                for program in bench.programs:
                    with running(Veredus(program, bench.new_folder("tls", make=False), Site(papers=papers))) as server:
                        found += handshakes(server, server.tls_port, key, signature)
                with running(OpenSslServer(bench.new_folder("openssl"), papers)) as server:
                    found += handshakes(server, server.port, key, signature)
        return found

    def table(self, figures: list[HandshakeFigures]) -> list[list[str]]:
        rows = [["key", "server", "kind", "a second", "CPU ms each", "one signature (openssl speed), ms", "x"]]
        for run in _medians(HandshakeFigures, figures, "key", "server", "kind"):
            rows.append([run.key, run.server, run.kind, f"{run.per_second:,.0f}", f"{run.cpu_ms:.3f}",
                         f"{run.signature_ms:.3f}", f"{run.cpu_ms / run.signature_ms:.1f}"])
        return rows


class AcceptTls:
    name = "accept_tls"
    says = "until veredus send has the last reply, sessions are kept open; all messages then wait and are counted"
    figure = MessageFigures

    def measure(self, bench: Bench) -> list[MessageFigures]:
        ways = [(program, how) for program in bench.programs for how in (PLAIN, STARTTLS)]
        return [self._run(bench, program, how) for program, how in bench.turns(ways)]

    def table(self, figures: list[MessageFigures]) -> list[list[str]]:
        """Each beside the same server without TLS."""
        rows = [["server", "how", "messages/s", "x plain", "CPU ms/message", "x plain"]]
        runs = _medians(MessageFigures, figures, "server", "how")
        for run in runs:
            plain = next(one for one in runs if (one.server, one.how) == (run.server, PLAIN))
            rows.append([run.server, run.how, f"{run.messages_per_second:,.0f}",
                         f"{run.messages_per_second / plain.messages_per_second:.2f}",
                         f"{run.cpu_ms_per_message:.3f}",
                         f"{run.cpu_ms_per_message / plain.cpu_ms_per_message:.2f}"])
        return rows

    def _run(self, bench: Bench, program: Program, how: str) -> MessageFigures:
        server = Veredus(program, bench.new_folder("tls", make=False), Site(papers=bench.papers()))
        with running(server):
            figures = self._send(bench, server, how)
        bench.say(f"{self.name}, {program.name}, {how}: {figures.messages_per_second:,.0f} messages/s")
        return figures

    @staticmethod
    def _send(bench: Bench, server: Veredus, how: str) -> MessageFigures:
        options = bench.options
        os.sync()
        time.sleep(SETTLE_SECONDS)
        before = server.account.cpu_seconds()
        done = subprocess.run(
            [bench.programs[0].path, "send", "--server", f"127.0.0.1:{server.port}", "--from", SENDER, "--to",
             FAR_RECIPIENT, "--size", str(options.octets), "--repeat", str(options.messages), "--parallel",
             str(options.sessions), *(["--tls"] if how == STARTTLS else [])],
            capture_output=True, text=True, check=False)
        time.sleep(SETTLE_SECONDS)
        used = server.account.cpu_seconds() - before
        rate = re.search(r"([\d.]+) a second", done.stdout)
        if done.returncode != 0 or not rate or server.waiting_messages() != options.messages:
            raise BenchError(f"{server.name}, {how}: {done.stdout}{done.stderr}\n{server.log_tail()}")
        return MessageFigures(server.name, how, float(rate.group(1)), used * 1000 / options.messages)


@contextmanager
def running(server) -> Iterator:
    try:
        yield server.start()
    finally:
        server.stop()


def _medians(kind: type, found: list, *keys: str) -> list:
    """One figure for all with equal keys; numbers are medians."""
    medians = []
    for which in dict.fromkeys(tuple(getattr(one, key) for key in keys) for one in found):
        runs = [one for one in found if tuple(getattr(one, key) for key in keys) == which]
        values = {name: statistics.median(getattr(run, name) for run in runs)
                  for name in vars(runs[0]) if name not in keys}
        medians.append(kind(**dict(zip(keys, which, strict=True)), **values))
    return medians


WORKS = [Handshakes(), AcceptTls()]
