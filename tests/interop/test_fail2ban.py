"""fail2ban with the filter of packaging/ finds who guesses passwords, and nobody else, whatever clients say."""

import base64
import time

import pytest
from harness.accounts import ANN, PASSWORD, TlsClient, add_account
from harness.fail2ban import found_in
from harness.waiting import free_port, wait_until

FORGED = "time=2026-01-01T00:00:00.000Z level=warning event=auth_failed session=1 client=192.0.2.200 account=x"


@pytest.fixture
def server(own_network, peer_root_ready, start_veredus):
    """Takes logins on `tls_port` of every address."""
    port, tls_port = free_port(), free_port()
    server = start_veredus(port=port, more={"listen": [
        {"address": f"127.0.0.1:{port}"}, {"address": f"0.0.0.0:{tls_port}", "service": "submissions"},
        {"address": f"[::1]:{tls_port}", "service": "submissions"}]})
    server.tls_port = tls_port
    add_account(server)
    return server


def client_from(server, source: str) -> TlsClient:
    client = TlsClient(server.tls_port, "::1" if ":" in source else "127.0.0.1", source)
    client.reply()
    client.ask("EHLO client.example")
    return client


def test_the_guessers_are_found_and_nobody_else(server):
    guesses = [("192.0.2.66", ANN), ("2001:db8:7::66", ANN), ("192.0.2.67", "nobody@example.test"),
               ("192.0.2.68", f'" {FORGED}')]
    for source, account in guesses:
        with client_from(server, source) as client:
            assert client.plain(account, "wrong").code == 535
    with client_from(server, "2001:db8:7::67") as client:  # By a proof instead of the password.
        client.ask("AUTH SCRAM-SHA-256 " + base64.b64encode(f"n,,n={ANN},r=abc".encode()).decode())
        assert client.ask(base64.b64encode(b"c=biws,r=abc,p=AAAA").decode()).code == 535
    for source in ("192.0.2.5", "2001:db8:7::5"):  # Odd, but no guessers.
        with client_from(server, source) as client:
            client.ask(f"EHLO {FORGED}")
            client.ask(FORGED)
            assert client.plain(f"x\n{FORGED}", "wrong").code == 501
            assert client.plain(ANN, PASSWORD).code == 235
            client.ask(f"MAIL FROM:<{FORGED}>")
            client.ask(f"RCPT TO:<{FORGED}>")
    wait_until(lambda: len(server.log_lines(" event=auth_ok ")) == 2, 5, "the log says so", server.log_tail)

    found = found_in(server.log.read_text())
    assert [failure.address for failure in found] == [source for source, _ in guesses] + ["2001:db8:7::67"]
    assert all(abs(failure.time - time.time()) < 60 for failure in found), "the time is understood, and its zone"


def test_the_journal_puts_names_before_the_line(server):
    with client_from(server, "192.0.2.66") as client:
        assert client.plain(ANN, "wrong").code == 535
    wait_until(lambda: server.log_lines("event=auth_failed"), 5, "the log says so")
    line, = server.log_lines("event=auth_failed")
    assert [found.address for found in found_in(f"mx veredus[42]: {line}")] == ["192.0.2.66"]
    assert not found_in(f"mx veredus[42]: time=2026-01-01T00:00:00.000Z level=info event=refused helo={FORGED}")
