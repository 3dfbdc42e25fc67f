"""What TLS costs: handshakes beside the bare signature of the key, and messages with and without it."""

import os
import re
import signal
import statistics
import subprocess
import time
from contextlib import contextmanager
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from accounts import open_account
from harness.certificates import openssl
from harness.waiting import free_port, wait_until
from measure import BenchError
from peer_daemon import listens
from servers import Program, Veredus

HANDSHAKE_SECONDS = 2
SPEED_SECONDS = 1
SETTLE_SECONDS = 0.3
REFERENCE = "openssl s_server"
# How openssl(1) names the algorithm of a key's signature.
SPEED = {"P-256": "ecdsap256", "RSA 2048": "rsa2048"}
NEW_KEY = {"P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "RSA 2048": ["rsa:2048"]}
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


def certificate(folder: Path, key: str) -> dict[str, str]:
    """As [[certificate]] has it."""
    made = {"file": str(folder / "mx.pem"), "key": str(folder / "mx.key")}
    openssl("req", "-x509", "-newkey", *NEW_KEY[key], "-nodes", "-days", "30", "-subj", "/CN=veredus.example",
            "-addext", "subjectAltName=DNS:veredus.example", "-keyout", made["key"], "-out", made["file"])
    return made


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

    def __init__(self, folder: Path, papers: dict[str, str]):
        self.port = free_port()
        self._papers = papers
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")
        self._process: subprocess.Popen | None = None

    def start(self) -> "OpenSslServer":
        with self.account.for_what_starts():
            self._process = subprocess.Popen(
                ["openssl", "s_server", "-accept", f"127.0.0.1:{self.port}", "-cert", self._papers["file"], "-key",
                 self._papers["key"], "-quiet"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
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


class TlsRounds:
    """`rounds` of each, servers and kinds in turn; medians."""

    def __init__(self, programs: list[Program], rounds: int, messages: int, octets: int, sessions: int, folder: Path):
        self._programs, self._rounds, self._folder = programs, rounds, folder
        self._messages, self._octets, self._sessions = messages, octets, sessions
        self._count = 0

    def handshakes(self) -> list[HandshakeFigures]:
        found: list[HandshakeFigures] = []
        for key in SPEED:
            for _ in range(self._rounds):
                papers = certificate(self._new_folder("papers"), key)
                signature = signature_ms(key)
                for program in self._programs:
                    with self._veredus(program, papers) as server:
                        found += handshakes(server, server.tls_port, key, signature)
                with _running(OpenSslServer(self._new_folder("openssl"), papers)) as server:
                    found += handshakes(server, server.port, key, signature)
        return [_median(HandshakeFigures, found, "key", "server", "kind", which=one)
                for one in dict.fromkeys((f.key, f.server, f.kind) for f in found)]

    def messages(self) -> list[MessageFigures]:
        """veredus send over kept sessions; everything that is accepted waits."""
        found: list[MessageFigures] = []
        for number in range(self._rounds):
            papers = certificate(self._new_folder("papers"), "P-256")
            for program in self._programs:
                for how in sorted((PLAIN, STARTTLS), reverse=number % 2 == 1):
                    with self._veredus(program, papers) as server:
                        found.append(self._send(server, how))
        return [_median(MessageFigures, found, "server", "how", which=one)
                for one in dict.fromkeys((f.server, f.how) for f in found)]

    def _send(self, server: Veredus, how: str) -> MessageFigures:
        os.sync()
        time.sleep(SETTLE_SECONDS)
        before = server.account.cpu_seconds()
        done = subprocess.run(
            [self._programs[0].path, "send", "--server", f"127.0.0.1:{server.port}", "--from", "me@client.example", "--to",
             "you@far.example", "--size", str(self._octets), "--repeat", str(self._messages), "--parallel",
             str(self._sessions), *(["--tls"] if how == STARTTLS else [])], capture_output=True, text=True, check=False)
        time.sleep(SETTLE_SECONDS)
        used = server.account.cpu_seconds() - before
        rate = re.search(r"([\d.]+) a second", done.stdout)
        if done.returncode != 0 or not rate or server.waiting_messages() != self._messages:
            raise BenchError(f"{server.name}, {how}: {done.stdout}{done.stderr}\n{server.log_tail()}")
        return MessageFigures(server.name, how, float(rate.group(1)), used * 1000 / self._messages)

    @contextmanager
    def _veredus(self, program: Program, papers: dict[str, str]) -> Iterator[Veredus]:
        server = Veredus(program, self._new_folder("veredus", make=False), "accept", 1, papers)
        with _running(server):
            yield server

    def _new_folder(self, name: str, make: bool = True) -> Path:
        self._count += 1
        folder = self._folder / f"tls{self._count}-{name}"
        if make:
            folder.mkdir()
        return folder


@contextmanager
def _running(server) -> Iterator:
    try:
        yield server.start()
    finally:
        server.stop()


def _median(kind: type, found: list, *keys: str, which: tuple) -> object:
    """One figure of the rounds' with equal keys; numbers are medians."""
    runs = [one for one in found if tuple(getattr(one, key) for key in keys) == which]
    values = {name: statistics.median(getattr(run, name) for run in runs)
              for name in vars(runs[0]) if name not in keys}
    return kind(**dict(zip(keys, which, strict=True)), **values)
