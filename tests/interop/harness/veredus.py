"""One Veredus under test: its configuration, its process, its log, its mailboxes, its commands."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

from . import mails
from .config import Settings, mailbox_folder, render
from .raw_client import RawClient
from .reports import file_tail, show_on_failure
from .waiting import free_port, wait_until

START_SECONDS_MAX = 20
STOP_SECONDS_MAX = 35  # A stop may take 30 s by contract.


class Veredus:
    """Starts nothing by itself: start(). The same object may be killed and started again on the
    same storage and port."""

    def __init__(self, program: Path, folder: Path, settings: Settings, port: int | None = None):
        self.program, self.folder, self.settings = program, folder, settings
        self.port = port or free_port()
        self.config = folder / "veredus.toml"
        self.log = folder / "veredus.log"
        self.errors_expected = False
        self.environment: dict[str, str] = {}  # Besides our own, at the next start.
        self.was_ended_by_test = False  # By kill(), stop() or wait_for_end().
        self._process: subprocess.Popen | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self.configure(settings)
        show_on_failure(lambda: f"{folder.name}:\n{self.log_tail()}")

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def configure(self, settings: Settings) -> None:
        """Takes effect at the next start."""
        self.settings = settings
        self.config.write_text(render(settings, self.folder, self.port))

    # The process.

    def start(self) -> "Veredus":
        with open(self.log, "ab") as log:
            self._process = subprocess.Popen([self.program, "serve", "--config", self.config], cwd=self.folder,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env={**os.environ, **self.environment})
        wait_until(lambda: self._ended() or self._listens(), START_SECONDS_MAX, "veredus listens", self.log_tail)
        self.was_ended_by_test = False
        assert not self._ended(), f"veredus serve ended with {self._process.returncode}\n{self.log_tail()}"
        return self

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def runs(self) -> bool:
        return self._process is not None and not self._ended()

    def terminate(self) -> None:
        """Asks it to stop; wait_for_end() says whether it did."""
        os.kill(self.pid, signal.SIGTERM)

    def wait_for_end(self, seconds: float = STOP_SECONDS_MAX) -> int:
        assert self._process is not None
        self.was_ended_by_test = True
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"did not stop within {seconds:g} s of SIGTERM\n{self.log_tail()}") from None

    def kill(self) -> None:
        """kill -9: no chance to save anything."""
        self.was_ended_by_test = True
        if self._process is not None and not self._ended():
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """Ends it properly and holds it to what a proper end is."""
        assert self._process is not None
        if self._ended():
            raise AssertionError(f"veredus ended by itself with {self._process.returncode}\n{self.log_tail()}")
        self.terminate()
        status = self.wait_for_end()
        assert status == 0, f"exit status {status} after SIGTERM\n{self.log_tail()}"
        if not self.errors_expected:
            errors = self.log_lines("level=error")
            assert not errors, "errors in the log:\n" + "\n".join(errors[:20])

    def memory_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1))

    def memory_peak_kib(self) -> int:
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1))

    # What it wrote.

    def log_lines(self, text: str) -> list[str]:
        return [line for line in self.log.read_text(errors="replace").splitlines() if text in line]

    def log_tail(self) -> str:
        return f"{file_tail(self.config, 60)}\n{file_tail(self.log)}"

    def maildir(self, address: str = "you@example.test") -> Path:
        return mailbox_folder(self.folder, address)

    def mails(self, address: str = "you@example.test") -> list[bytes]:
        return [path.read_bytes() for path in mails.maildir_files(self.maildir(address))]

    def wait_for_mails(self, count: int, address: str = "you@example.test", seconds: float = 20) -> list[bytes]:
        wait_until(lambda: len(mails.maildir_files(self.maildir(address))) >= count, seconds,
                   f"{count} mails in the mailbox of {address} of {self.folder.name}",
                   lambda: f"{len(mails.maildir_files(self.maildir(address)))} are")
        return self.mails(address)

    # Its sessions and commands.

    def connect(self, seconds: float = 20) -> RawClient:
        return RawClient(self.port, seconds=seconds)

    def send(self, sender: str, recipient: str, message: bytes) -> None:
        """One mail by SMTP; it must be taken."""
        with self.connect() as client:
            client.greet()
            reply = client.deliver(sender, recipient, message)
            assert reply.code == 250, str(reply)

    def command(self, *arguments: str, text: bytes | None = None, seconds: float = 60) -> subprocess.CompletedProcess:
        """Runs `veredus ARGUMENTS` to its end; output is bytes."""
        return subprocess.run([self.program, *arguments], input=text, capture_output=True, timeout=seconds,
                              cwd=self.folder, check=False)

    def queue(self) -> list[dict]:
        """`veredus queue list --json`: one object a message that isn't finished."""
        done = self.command("queue", "list", "--config", str(self.config), "--json")
        assert done.returncode == 0, f"queue list: {done.stderr.decode(errors='replace')}"
        lines = [line for line in done.stdout.decode().splitlines() if line.strip()]
        if lines and lines[0].lstrip().startswith("["):
            return json.loads(done.stdout)
        return [json.loads(line) for line in lines]

    def queue_shows(self, *texts: str) -> bool:
        """Whether one queued message's description contains all the texts."""
        return any(all(text in json.dumps(entry) for text in texts) for entry in self.queue())

    def wait_for_bounce(self, recipient: str, sender: str = "you@example.test", seconds: float = 20) -> str:
        """The notice in the sender's mailbox here that says that `recipient` did not get a mail."""
        wanted = f"Final-Recipient: rfc822; {recipient}".encode()
        def found() -> list[bytes]:
            return [mail for mail in self.mails(sender) if wanted in mail]
        wait_until(lambda: bool(found()), seconds, f"{sender} is told that {recipient} failed", self.log_tail)
        return found()[0].decode(errors="replace")

    def wait_for_empty_queue(self, seconds: float = 30) -> None:
        wait_until(lambda: not self.queue(), seconds, "the queue is empty",
                   lambda: json.dumps(self.queue()[:5], indent=1))

    def _ended(self) -> bool:
        return self._process.poll() is not None

    def _listens(self) -> bool:
        try:
            with RawClient(self.port, seconds=2):
                return True
        except OSError:
            return False
