"""Accounts that are declared in a file, and passwords that are typed: `veredus account hash`, `veredus account add`."""

import os
import pty
import select
import smtplib
import subprocess
import termios
import time

import pytest
from harness import mails
from harness.accounts import ANN, PASSWORD, login, manage
from harness.waiting import wait_until

EVE = "eve@example.test"
SECOND = "a second password"
LOOK_SECONDS = 5  # The file is read again within so many, says docs/accounts.md.


class AccountsFile:
    """A server whose accounts stand in `path` besides."""

    def __init__(self, submission, path, clock, **accounts: object):
        self.path, self._clock = path, clock
        path.write_text("")
        self.server = submission(at=clock, accounts={"file": str(path), **accounts})

    def hashed(self, password: str) -> str:
        """The line for EVE that `account hash` prints, without its end."""
        done = manage(self.server, "account", "hash", EVE, text=password.encode() + b"\n")
        assert done.returncode == 0 and password.encode() not in done.stdout, done
        return done.stdout.decode().rstrip("\n")

    def write(self, *lines: str) -> None:
        """In place; and the server's time passes until it looks again."""
        self.path.write_text("".join(line + "\n" for line in lines))
        self._clock.pass_time(seconds=LOOK_SECONDS)

    def takes(self, password: str, user: str = EVE) -> bool:
        try:
            login(self.server, user, password).quit()
            return True
        except smtplib.SMTPAuthenticationError:
            return False

    def wait_until_known(self) -> None:
        wait_until(lambda: EVE.encode() in manage(self.server, "account", "list").stdout, 10,
                   "the account is there", self.server.log_tail)


@pytest.fixture
def declared(submission, tmp_path, clock):
    """declared(key=value of [accounts], ...): its AccountsFile. Whoever waits for a change may guess often."""
    def start(**accounts) -> AccountsFile:
        return AccountsFile(submission, tmp_path / "accounts", clock, failures_free=1000, **accounts)
    return start


def test_who_is_declared_logs_in_and_sends(declared):
    accounts = declared()
    accounts.write("# Ours", accounts.hashed(PASSWORD))
    accounts.wait_until_known()
    with login(accounts.server, EVE) as client:
        client.sendmail(EVE, ["other@example.test"], f"From: {EVE}\r\n\r\nhi\r\n")
    accounts.server.wait_for_mails(1, "other@example.test")
    accounts.server.send("me@client.example", EVE, mails.mail("an account has a mailbox"))
    accounts.server.wait_for_mails(1, EVE)
    assert accounts.takes(PASSWORD, ANN), "the one that was added by command"
    shown = manage(accounts.server, "account", "show", EVE).stdout.decode()
    assert "file" in shown and "SCRAM" not in shown and "argon2" not in shown


def test_an_edited_password_is_the_one_that_counts(declared):
    accounts = declared()
    accounts.write(accounts.hashed(PASSWORD))
    accounts.wait_until_known()
    assert accounts.takes(PASSWORD)
    accounts.write(accounts.hashed(SECOND))
    wait_until(lambda: accounts.takes(SECOND), 10, "the new password", accounts.server.log_tail)
    assert not accounts.takes(PASSWORD)
    accounts.write(accounts.hashed(SECOND) + " disabled")
    wait_until(lambda: not accounts.takes(SECOND), 10, "disabled", accounts.server.log_tail)
    accounts.write()
    wait_until(lambda: EVE.encode() not in manage(accounts.server, "account", "list").stdout, 10,
               "it is gone", accounts.server.log_tail)


def test_a_file_with_an_error_changes_nothing(declared):
    accounts = declared()
    accounts.server.errors_expected = True
    accounts.write(accounts.hashed(PASSWORD))
    accounts.wait_until_known()
    accounts.write(accounts.hashed(SECOND), "bob@example.test quata=1GiB")
    wait_until(lambda: accounts.server.log_lines("quata"), 10, "the log says so",
               accounts.server.log_tail)
    assert f"{accounts.path}:2: unknown key quata" in accounts.server.log_lines("quata")[0]
    assert accounts.takes(PASSWORD) and not accounts.takes(SECOND)


def test_a_declared_quota_holds(declared):
    accounts = declared()
    accounts.write(accounts.hashed(PASSWORD) + " quota=20KiB")
    accounts.wait_until_known()
    assert b"20480" in manage(accounts.server, "account", "show", EVE).stdout
    letter = mails.mail("large", ("x" * 70 + "\r\n") * 160)
    for _ in range(2):
        accounts.server.send("me@client.example", EVE, letter)
    wait_until(lambda: accounts.server.queue_shows("4.2.2 The mailbox is full"), 15, "the second one waits",
               accounts.server.log_tail)
    assert len(accounts.server.wait_for_mails(1, EVE)) == 1


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_swaks_logs_in_by_every_mechanism_that_it_knows(declared, mechanism):
    """CRAM-MD5 needs the password itself."""
    accounts = declared(cram_md5=True)
    accounts.write(f"{EVE} {{PLAIN}}plainly")
    accounts.wait_until_known()
    def swaks(password: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["swaks", "--server", f"127.0.0.1:{accounts.server.submission_port}", "-tls", "--auth", mechanism,
             "--auth-user", EVE, "--auth-password", password, "--from", EVE, "--to", "other@example.test"],
            capture_output=True, text=True, timeout=60, check=False)
    done = swaks("plainly")
    assert done.returncode == 0, done.stdout + done.stderr
    assert accounts.server.log_lines(f"mechanism={mechanism}")
    wrong = swaks("wrongly")
    assert wrong.returncode != 0 and "535 5.7.8" in wrong.stdout
    assert not accounts.server.log_lines("wrongly") and not accounts.server.log_lines("plainly")


def test_cram_md5_is_for_who_asks_for_it(declared):
    accounts = declared()
    with login(accounts.server) as client:
        client.ehlo()
        assert "CRAM-MD5" not in client.esmtp_features["auth"].split()


# At a terminal.

class Terminal:
    """A program at a terminal of its own, which shows `shown`."""

    def __init__(self, server, *arguments: str):
        self._ours, theirs = pty.openpty()
        self._theirs = theirs  # Open while we live: its settings are looked at, and no hang-up comes before the end.
        self._process = subprocess.Popen([server.program, *arguments, "--config", server.config], stdin=theirs,
                                         stdout=theirs, stderr=theirs, start_new_session=True)
        self.shown = ""

    def wait_for(self, text: str, seconds: float = 20) -> None:
        """Looks at nothing that comes behind it."""
        deadline = time.monotonic() + seconds
        while text not in self.shown:
            ready, _, _ = select.select([self._ours], [], [], max(deadline - time.monotonic(), 0))
            assert ready, f"{text!r} is not shown in {seconds:g} s:\n{self.shown}"
            self.shown += os.read(self._ours, 4096).decode()

    def shows_typing(self) -> bool:
        return bool(termios.tcgetattr(self._theirs)[3] & termios.ECHO)

    def type(self, line: str) -> None:
        os.write(self._ours, line.encode() + b"\n")

    def end(self) -> int:
        status = self._process.wait(20)
        while select.select([self._ours], [], [], 0)[0]:
            self.shown += os.read(self._ours, 4096).decode()
        assert self.shows_typing(), "as it was before"
        os.close(self._theirs)
        os.close(self._ours)
        return status


def type_passwords(terminal: Terminal, first: str, second: str) -> None:
    """Who types before echo is off is shown: so it is off before the question."""
    for question, answer in (("New password: ", first), ("Again: ", second)):
        terminal.wait_for(question)
        assert not terminal.shows_typing(), question
        terminal.type(answer)


def test_a_typed_password_is_asked_for_twice_and_not_shown(submission):
    server = submission()
    terminal = Terminal(server, "account", "add", EVE)
    type_passwords(terminal, SECOND, SECOND)
    assert terminal.end() == 0, terminal.shown
    assert SECOND not in terminal.shown
    login(server, EVE, SECOND).quit()


def test_two_different_passwords_are_refused(submission):
    server = submission()
    terminal = Terminal(server, "account", "add", EVE)
    type_passwords(terminal, SECOND, SECOND + "!")
    assert terminal.end() != 0
    assert "two different passwords" in terminal.shown and SECOND not in terminal.shown
    assert EVE.encode() not in manage(server, "account", "list").stdout
