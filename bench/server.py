"""What a server is set up for, and what all servers that are compared have in common."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import paths  # noqa: F401
from accounts import ControlGroup, ProcessTree, open_account
from harness.certificates import openssl
from harness.waiting import free_port
from peer_daemon import Peer

SENDER = "me@client.example"
FAR_RECIPIENT = "you@far.example"
LOCAL_RECIPIENT = "you@local.example"
SESSIONS_MAX = 200
NOWHERE_PORT = 1  # Nobody listens there.
NEW_KEY = {"P-256": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "RSA 2048": ["rsa:2048"]}


@dataclass(frozen=True)
class Papers:
    """A certificate and its key, both PEM."""

    file: Path
    key: Path

    @staticmethod
    def make(folder: Path, key: str = "P-256") -> "Papers":
        """For any server: those that verify it are not among ours."""
        made = Papers(folder / "mx.pem", folder / "mx.key")
        openssl("req", "-x509", "-newkey", *NEW_KEY[key], "-nodes", "-days", "30", "-subj", "/CN=veredus.example",
                "-addext", "subjectAltName=DNS:veredus.example", "-keyout", made.key, "-out", made.file)
        return made


@dataclass(frozen=True)
class Destinations:
    """Many hosts, each the MX of one domain; all of them at one port."""

    hosts: dict[str, str]  # Domain -> address.
    port: int
    name_server: str = ""  # address:port that knows them.


@dataclass(frozen=True)
class Site:
    """Without a next hop, Maildir or destinations, all that the server takes has to wait."""

    next_hop_port: int = 0
    maildir: bool = False  # Where mail for LOCAL_RECIPIENT ends.
    destinations: Destinations | None = None
    papers: Papers | None = None  # It offers STARTTLS, and insists on it towards its next hop.
    sessions_max: int = SESSIONS_MAX

    @property
    def holds(self) -> bool:
        return not (self.next_hop_port or self.maildir or self.destinations)


class Server(Protocol):
    """One that is set up in a fresh folder and listens at `port` from start() to stop()."""

    name: str
    port: int
    account: ControlGroup | ProcessTree

    def start(self) -> "Server": ...
    def stop(self) -> None: ...
    def waiting_messages(self) -> int: ...
    def maildir(self) -> Path: ...
    def log_tail(self) -> str: ...


@dataclass(frozen=True)
class Kind:
    """A program that is compared."""

    name: str
    make: Callable[[Path, Site], Server]
    version: Callable[[], str]
    can: Callable[[Site], bool] = lambda _: True
    # Work -> share of the messages, where it is so slow that all of them would take minutes; 0: left out.
    shares: dict[str, float] = field(default_factory=dict)
    idle_sessions_max: int = 200  # Where each is a process.


class PeerServer:
    """A server of build/peers/root, as `make_peer(name, port)` sets it up."""

    def __init__(self, name: str, folder: Path, make_peer: Callable[[str, int], Peer]):
        self.name, self.port = name, free_port()
        self.peer = make_peer(f"{folder.parent.name}/{folder.name}", self.port)
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")

    def start(self) -> "PeerServer":
        with self.account.for_what_starts():
            self.peer.start()
        self.account.follow(self.peer.process_id())
        return self

    def stop(self) -> None:
        self.peer.stop()
        self.account.close()

    def log_tail(self) -> str:
        return self.peer.log_tail()
