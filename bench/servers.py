"""The servers that are compared. Each start is on a fresh folder with the configuration for one kind of work."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import paths  # noqa: F401
import peer_postfix
from accounts import open_account
from harness.config import to_toml
from harness.waiting import free_port, wait_until
from peer_daemon import listens, run_inside

WORK_RELAY = "relay"  # In by SMTP and out to the next hop.
WORK_ACCEPT = "accept"  # In by SMTP; everything then waits.
WORK_IDLE = "idle"  # Sessions that do nothing.

POSTFIX = "Postfix"
SESSIONS_MAX = 3000
START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 40

# What a postmaster who wants speed sets; README.md says why each.
POSTFIX_TUNING = {
    "in_flow_delay": "0",
    "smtpd_client_connection_count_limit": "0",
    "qmgr_message_active_limit": "60000",
    "qmgr_message_recipient_limit": "60000",
    "initial_destination_concurrency": "20",
    "default_destination_concurrency_limit": "20",
    "smtp_connection_cache_destinations": "127.0.0.1",
    "smtp_connection_reuse_count_limit": "0",
    "smtputf8_enable": "no",
    # Back to Postfix's own values: the makers of test peers shorten them.
    "minimal_backoff_time": "300s",
    "maximal_backoff_time": "4000s",
    "queue_run_delay": "300s",
}
POSTFIX_FOR_WORK = {
    WORK_RELAY: {},
    WORK_ACCEPT: {"smtpd_client_restrictions": "check_client_access static:HOLD"},
    WORK_IDLE: {"default_process_limit": str(SESSIONS_MAX)},
}


class Postfix:
    """The tuned Postfix of build/peers."""

    name = POSTFIX

    def __init__(self, folder: Path, work: str, next_hop_port: int):
        self.port = free_port()
        self._peer = peer_postfix.make(f"{folder.parent.name}/{folder.name}", self.port,
                                       f"[127.0.0.1]:{next_hop_port}", POSTFIX_TUNING | POSTFIX_FOR_WORK[work])
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")

    @staticmethod
    def version() -> str:
        return run_inside("/usr/sbin/postconf", "-d", "-h", "mail_version").stdout.split()[-1]

    def start(self) -> "Postfix":
        with self.account.for_what_starts():
            self._peer.start()
        self.account.follow(self._peer.process_id())
        return self

    def waiting_messages(self) -> int:
        return sum(1 for path in (self._peer.folder / "spool" / "hold").rglob("*") if path.is_file())

    def stop(self) -> None:
        self._peer.stop()
        self.account.close()

    def log_tail(self) -> str:
        return self._peer.log_tail()


@dataclass
class Program:
    """A veredus binary, and what the tables call it."""

    name: str
    path: Path

    def version(self) -> str:
        done = subprocess.run([self.path, "version"], capture_output=True, text=True, check=True)
        return done.stdout.splitlines()[0].removeprefix("veredus ")


class Veredus:
    """A veredus program with its defaults, but for what README.md lists."""

    def __init__(self, program: Program, folder: Path, work: str, next_hop_port: int,
                 certificate: dict[str, str] | None = None):
        """With a certificate it speaks TLS, on `tls_port` from the start."""
        self.name, self.port, self.tls_port = program.name, free_port(), free_port()
        self._certificate = certificate
        self._program, self._folder = program.path, folder
        self._config, self._log = folder / "veredus.toml", folder / "veredus.log"
        folder.mkdir(parents=True)
        self._config.write_text(self._render(work, next_hop_port))
        self.account = open_account(f"veredus-{folder.parent.name}-{folder.name}")
        self._process: subprocess.Popen | None = None

    def start(self) -> "Veredus":
        with self.account.for_what_starts(), open(self._log, "ab") as log:
            self._process = subprocess.Popen([self._program, "serve", "--config", self._config], cwd=self._folder,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.account.follow(self._process.pid)
        wait_until(lambda: self._ended() or listens("127.0.0.1", self.port), START_SECONDS_MAX, "veredus listens",
                   self.log_tail)
        assert not self._ended(), f"veredus serve ended\n{self.log_tail()}"
        return self

    def waiting_messages(self) -> int:
        done = subprocess.run([self._program, "queue", "list", "--json", "--config", self._config],
                              capture_output=True, check=True)
        return done.stdout.count(b"\n")

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
        return self._process.poll() is not None

    def _render(self, work: str, next_hop_port: int) -> str:
        waits = {"retry_min": "1h", "destination_pause": "1h"} if work == WORK_ACCEPT else {}
        tls = [{"address": f"127.0.0.1:{self.tls_port}", "service": "submissions"}] if self._certificate else []
        return to_toml({
            "process": {"user": "root"} if os.geteuid() == 0 else {},
            "hostname": "veredus.example",
            "storage": {"path": str(self._folder / "storage")},
            "listen": [{"address": f"127.0.0.1:{self.port}"}, *tls],
            "certificate": [self._certificate] if self._certificate else [],
            "relay": {"networks": ["127.0.0.0/8"], "smart_host": f"127.0.0.1:{next_hop_port}"},
            "accept": {"reverse_lookup": False, "sessions_max": SESSIONS_MAX},
            "queue": waits,
        })
