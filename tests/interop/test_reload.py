"""SIGHUP: the configuration is read again; sessions go on, a faulty file changes nothing."""

import os
import signal

from harness import mails
from harness.config import Domain, Settings
from harness.waiting import wait_until

BEFORE = Settings(domains=[Domain("example.test", ["you"])])
AFTER = Settings(domains=[Domain("example.test", ["you", "newcomer"])])


def hang_up(server) -> None:
    os.kill(server.pid, signal.SIGHUP)


def test_new_mailboxes_are_there_after_a_reload(start_veredus):
    server = start_veredus(domains=BEFORE.domains)
    # The worker for local mail lives on for a while, with the old settings.
    server.send("me@client.example", "you@example.test", mails.mail("before"))
    server.wait_for_mails(1)
    with server.connect() as old:
        old.greet()
        server.configure(AFTER)
        hang_up(server)
        wait_until(lambda: server.log_lines("event=reloaded"), 10, "it has reloaded", server.log_tail)
        # The old session goes on, by what it began with.
        assert old.ask("MAIL FROM:<me@client.example>").code == 250
        assert old.ask("RCPT TO:<newcomer@example.test>").code == 550
        assert old.ask("RCPT TO:<you@example.test>").code == 250
    token = mails.token()
    server.send("me@client.example", "newcomer@example.test", mails.mail(token))
    assert token.encode() in server.wait_for_mails(1, "newcomer@example.test")[0]


def test_of_many_signals_the_last_file_counts(start_veredus):
    server = start_veredus(domains=BEFORE.domains)
    server.errors_expected = True  # It may come upon a file that is half written, and says so.
    for octets in range(70_000, 70_020):
        server.configure(Settings(domains=BEFORE.domains, message_bytes_max=octets))
        hang_up(server)
    def offered() -> str:
        with server.connect() as client:
            return str(client.greet())
    wait_until(lambda: "SIZE 70019" in offered(), 10, "the last one is in effect", server.log_tail)
    assert "SIZE 70019" in offered()


def test_a_faulty_file_is_told_and_changes_nothing(start_veredus):
    server = start_veredus(domains=BEFORE.domains)
    server.errors_expected = True
    server.config.write_text("hostnam = 3\n")
    hang_up(server)
    wait_until(lambda: server.log_lines("event=reload_failed"), 10, "it says so", server.log_tail)
    assert "did you mean hostname?" in server.log_lines("event=reload_failed")[0]
    server.send("me@client.example", "you@example.test", mails.mail("still here"))
    server.wait_for_mails(1)


def test_what_needs_a_restart_is_told(start_veredus):
    server = start_veredus(domains=BEFORE.domains)
    server.configure(Settings(domains=BEFORE.domains, expire="3d"))
    hang_up(server)
    wait_until(lambda: server.log_lines("event=reload_needs_restart"), 10, "it says so", server.log_tail)
