"""A veredus program with its defaults, but for what README.md lists."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
from accounts import open_account
from harness.config import to_toml
from harness.waiting import free_port, wait_until
from peer_daemon import listens
from server import LOCAL_RECIPIENT, NOWHERE_PORT, Kind, Site

NAME = "Veredus"
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 40
DESTINATION_WORKERS = 4000  # Outgoing connections, where there are many destinations.


@dataclass(frozen=True)
class Program:
    """A veredus binary, and what the tables call it."""

    name: str
    path: Path
    threads: int = 0  # 0: its default.

    def version(self) -> str:
        done = subprocess.run([self.path, "version"], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[0].removeprefix("veredus ")


class Veredus:
    """With papers it speaks TLS also from the start, on `tls_port`."""

    def __init__(self, program: Program, folder: Path, site: Site):
        self.name, self.port, self.tls_port = program.name, free_port(), free_port()
        self._program, self._folder, self._site = program.path, folder, site
        self._config, self._log = folder / "veredus.toml", folder / "veredus.log"
        folder.mkdir(parents=True)
        self._config.write_text(to_toml({"threads": program.threads} | self._settings()))
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")
        self._process: subprocess.Popen | None = None

    def start(self) -> "Veredus":
        command = [self._program, "serve", "--config", self._config]
        with self.account.for_what_starts(), open(self._log, "ab") as log:
            self._process = subprocess.Popen(command, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log)
        self.account.follow(self._process.pid)
        wait_until(lambda: self._ended() or listens("127.0.0.1", self.port), START_SECONDS_MAX, "veredus listens",
                   self.log_tail)
        assert not self._ended(), f"veredus serve ended\n{self.log_tail()}"
        return self

    def waiting_messages(self) -> int:
        done = subprocess.run([self._program, "queue", "list", "--json", "--config", self._config],
                              capture_output=True, check=True)
        return done.stdout.count(b"\n")

    def maildir(self) -> Path:
        mailbox, domain = LOCAL_RECIPIENT.split("@")
        return self._folder / "storage" / "mail" / domain / mailbox

    def stop(self) -> None:
        if self._process is not None and not self._ended():
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                print(f"bench: veredus did not stop within {STOP_SECONDS_MAX} s, killed", file=sys.stderr)
                self._process.kill()
                self._process.wait()
        self.account.close()

    def log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-25:])

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _settings(self) -> dict:
        site = self._site
        return {
            "process": {"user": "root"} if os.geteuid() == 0 else {},
            "hostname": "veredus.example",
            "storage": {"path": str(self._folder / "storage")},
            "listen": self._listeners(),
            "certificate": [{"file": str(site.papers.file), "key": str(site.papers.key)}] if site.papers else [],
            "domain": [_local_domain()] if site.maildir else [],
            "accept": {"reverse_lookup": False, "sessions_max": site.sessions_max},
        } | self._way_out()

    def _listeners(self) -> list[dict]:
        listeners = [{"address": f"127.0.0.1:{self.port}"}]
        if self._site.papers:
            listeners.append({"address": f"127.0.0.1:{self.tls_port}", "service": "submissions"})
        return listeners

    def _way_out(self) -> dict:
        relay, destinations = {"networks": ["127.0.0.0/8"]}, self._site.destinations
        if destinations:
            return {"relay": relay, "dns": {"servers": [destinations.name_server]},
                    "deliver": {"port": destinations.port}, "queue": {"workers_max": DESTINATION_WORKERS}}
        relay["smart_host"] = f"127.0.0.1:{self._site.next_hop_port or NOWHERE_PORT}"
        if self._site.papers:
            relay["smart_host_tls"] = "require"
        waits = {"retry_min": "1h", "destination_pause": "1h"} if self._site.holds else {}
        return {"relay": relay, "queue": waits}


def _local_domain() -> dict:
    mailbox, domain = LOCAL_RECIPIENT.split("@")
    return {"name": domain, "mailboxes": [mailbox]}


def kind(program: Program) -> Kind:
    return Kind(program.name, lambda folder, site: Veredus(program, folder, site), program.version,
                idle_sessions_max=1_000_000)
