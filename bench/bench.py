"""What every work needs: the programs that are compared, their turns, their folders, and the load."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import CalledProcessError, TimeoutExpired
from typing import Protocol

import paths  # noqa: F401
import server_exim
import server_opensmtpd
import server_postfix
import server_veredus
from load import BenchError, Load, OwnSource, why_no_own
from measure import Run
from peer_paths import PeerError
from server import Kind, Papers, Server, Site
from server_veredus import Program

PEERS = {"postfix": server_postfix.POSTFIX, "exim": server_exim.EXIM, "opensmtpd": server_opensmtpd.OPENSMTPD}
FAILURES = (BenchError, PeerError, AssertionError, OSError, CalledProcessError, TimeoutExpired)
MESSAGES_MIN = 100


class Work(Protocol):
    """One kind of work: how it is measured, and what is told of it."""

    name: str
    says: str  # What is timed.
    figure: type  # A dataclass of numbers and texts, one for each run.

    def measure(self, bench: "Bench") -> list: ...
    def table(self, figures: list) -> list[list[str]]: ...


class Bench:
    def __init__(self, options: Namespace, folder: Path):
        self.options, self.folder = options, folder
        self.programs = [Program(server_veredus.NAME, options.program.resolve())]
        if options.against:
            self.programs.append(Program(f"{server_veredus.NAME} (against)", options.against.resolve()))
        self.kinds = [PEERS[name] for name in options.peer] + [server_veredus.kind(one) for one in self.programs]
        self._folders = 0
        self._papers: Papers | None = None

    def load(self, **settings: object) -> Load:
        """As the command line has it, but for `settings`."""
        options = self.options
        standard = {"messages": options.messages, "octets": options.octets, "sessions": options.sessions}
        return Load(**standard | settings)

    def able(self, work: str, site: Site) -> list[Kind]:
        """Those that can be set up like this, and that the work is measured for."""
        return [kind for kind in self.kinds if kind.can(site) and kind.shares.get(work, 1)]

    def share(self, load: Load, kind: Kind, work: str) -> int:
        """The messages of a run: fewer for who is much slower at it."""
        return max(min(MESSAGES_MIN, load.messages), int(load.messages * kind.shares.get(work, 1)))

    def own_load(self) -> Path:
        """The program that brings our own source and sink; always the same one."""
        program = self.programs[0].path
        reason = why_no_own(program)
        if reason:
            raise BenchError(reason)
        return program

    def own_source(self) -> OwnSource:
        return OwnSource(self.own_load())

    def papers(self) -> Papers:
        if self._papers is None:
            self._papers = Papers.make(self.new_folder("papers"))
        return self._papers

    def new_folder(self, name: str, make: bool = True) -> Path:
        """On the file system that all servers are measured on."""
        self._folders += 1
        folder = self.folder / f"{self._folders}-{name}"
        if make:
            folder.mkdir()
        return folder

    def turns(self, things: list) -> Iterator:
        """Each in turn, in every round; every second round the other way round, so that none always follows the
        same one."""
        for number in range(self.options.rounds):
            yield from reversed(things) if number % 2 else things

    @contextmanager
    def running(self, kind: Kind, site: Site) -> Iterator[Server]:
        name = "".join(letter for letter in kind.name.lower() if letter.isalnum())
        server = kind.make(self.new_folder(name, make=False), site)
        try:
            yield server.start()
        finally:
            server.stop()

    def attempt(self, failed: Run, measure: Callable[[], Run]) -> Run:
        """`failed` with the reason, when what `measure` found is worthless."""
        try:
            run = measure()
        except FAILURES as error:
            failed.error = str(error).split("\n", 1)[0]
            self.say(f"{failed.work}, {failed.server}: {error}")
            return failed
        way = f", {run.variant}" if run.variant else ""
        found = f"{run.rate:,.0f} messages/s" if run.seconds else "each message arrived, once"
        self.say(f"{run.work}, {run.server}{way}: {found}")
        return run

    @staticmethod
    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)
