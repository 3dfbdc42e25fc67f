"""What the log tells of who logs in and sends, what it never tells, and who is told that he may not log in."""

import base64
import re

import pytest
from harness.accounts import ANN, MESSAGE, PASSWORD, TlsClient, login, manage, unverified
from harness.raw_client import RawClient
from harness.waiting import wait_until

JUMP = 100  # Recipients in an hour that are many for an account that never sent.


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def under_tls(server) -> TlsClient:
    """On the port that has TLS from the start, greeted."""
    client = TlsClient(server.submissions_port)
    client.greet()
    return client


def test_an_account_that_sends_much_more_than_it_used_to(submission):
    server = submission()
    with login(server) as client:
        client.sendmail(ANN, [f"other+{number}@example.test" for number in range(JUMP - 1)], MESSAGE)
        assert not server.log_lines("event=sending_jumped")
        client.sendmail(ANN, ["other@example.test"] * 2, MESSAGE)
        wait_until(lambda: server.log_lines("event=sending_jumped"), 5, "the log says so", server.log_tail)
        client.sendmail(ANN, ["other@example.test"], MESSAGE)
    line, = server.log_lines("event=sending_jumped")
    assert "level=warning" in line and f" account={ANN} " in line and " client=127.0.0.1:" in line
    assert int(re.search(r"recipients_this_hour=(\d+)", line).group(1)) >= JUMP


def test_the_limit_of_a_day_is_told(submission):
    server = submission()
    assert manage(server, "account", "limit", ANN, "--per-day", "2").returncode == 0
    with under_tls(server) as client:
        assert client.plain(ANN, PASSWORD).code == 235
        for _ in range(2):
            assert client.deliver(ANN, "other@example.test", MESSAGE).code == 250
        reply = client.deliver(ANN, "other@example.test", MESSAGE)
        assert (reply.code, reply.text[:6]) == (451, "4.7.1 ")
        assert f"{ANN} may send to 2 recipients in 24 hours, of which 2 are used" in reply.text
        assert re.search(r"try again in \d+ minutes", reply.text)
        client.envelope(ANN, *[f"other+{number}@example.test" for number in range(3)])
        reply = client.ask("DATA")
        assert (reply.code, "too many for one message" in reply.text) == (554, True)
    wait_until(lambda: len(server.log_lines("event=sending_limited")) == 2, 5, "the log says so", server.log_tail)
    assert " limit=2 hours=24" in server.log_lines("event=sending_limited")[0]


def test_auth_has_its_place_in_a_session(submission):
    server = submission(submission={"on_smtp": True})
    with RawClient(server.port) as client:
        client.greet()
        assert client.ask("STARTTLS").code == 220
        client.socket = unverified().wrap_socket(client.socket)
        assert client.ask("AUTH PLAIN").code == 503, "before EHLO"
        assert client.ask("EHLO client.example").code == 250
        assert client.ask("MAIL FROM:<me@client.example>").code == 250
        reply = client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}"))
        assert reply.code == 503, str(reply)
        assert client.ask("RSET").code == 250
        assert client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}")).code == 235
        assert client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}")).code == 503, "twice"
    wait_until(lambda: server.log_lines("event=auth_ok"), 5, "the log says so")
    assert len(server.log_lines("event=auth_ok")) == 1


def test_nobody_logs_in_on_port_25_by_default(submission):
    server = submission()
    with RawClient(server.port) as client:
        assert "AUTH" not in client.greet().text
        assert client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}")).code in (502, 503)
        assert client.ask("STARTTLS").code == 220
        client.socket = unverified().wrap_socket(client.socket)
        assert "AUTH" not in client.ask("EHLO client.example").text
        assert client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}")).code in (502, 503)
        assert client.ask(f"MAIL FROM:<{ANN}> AUTH=<>").code == 555
        assert client.deliver(ANN, "you@far.example", MESSAGE).code == 550
    assert not server.log_lines("event=auth_ok")


def test_the_log_tells_under_which_tls_mail_came_and_went(submission, start_veredus, authority):
    behind = start_veredus("behind", hostname="localhost", relay_networks=[], more={
        "certificate": [authority.certify("localhost").table()],
        "domain": [{"name": "far.example", "mailboxes": ["you"]}]})
    server = submission(tls={"ca_file": str(authority.file)}, deliver={"ipv6": False}, route=[
        {"domain": "far.example", "to": f"localhost:{behind.port}", "tls": "verify"},
        {"domain": "elsewhere.example", "to": f"127.0.0.1:{behind.port}", "tls": "none"}])
    with under_tls(server) as client:
        assert client.plain(ANN, PASSWORD).code == 235
        for recipient in ("you@far.example", "stranger@far.example", "you@elsewhere.example"):
            assert client.deliver(ANN, recipient, MESSAGE).code == 250
    server.wait_for_empty_queue()
    def told(recipient: str) -> list[str]:
        return [line for line in server.log_lines("event=delivery_") if f" to={recipient} " in line]
    for recipient, event, tls in (("you@far.example", "delivery_done", "verified"),
                                  ("stranger@far.example", "delivery_failed", "verified"),
                                  ("you@elsewhere.example", "delivery_failed", "")):
        wait_until(lambda to=recipient: told(to), 5, "the log says so", server.log_tail)
        line, = told(recipient)
        assert f" event={event} " in line
        assert re.search(r' tls="TLSv1\.3 TLS_AES_\S+ verified" ' if tls else ' tls="" ', line), line
    for line in server.log_lines("event=message_accepted"):
        assert re.search(r' tls="TLSv1\.3 TLS_AES_\S+" ', line), line
    wait_until(lambda: behind.log_lines("event=message_accepted"), 5, "the log behind says so")
    assert re.search(r' tls="TLSv1\.3 TLS_AES_\S+" ', behind.log_lines("event=message_accepted")[0])


def said_by_clients(server) -> str:
    return "\n".join(line for line in server.log.read_text().splitlines() if "event=refused" in line)


@pytest.mark.parametrize("port", ["submission_port", "port"])
@pytest.mark.parametrize("mechanism", ["LOGIN", "PLAIN", "plain"])
def test_a_client_that_does_not_listen_shows_no_password(submission, port, mechanism):
    """It is told 530 or 502, and says its name and password all the same, each on a line."""
    server = submission()
    whole = encoded(f"\0{ANN}\0{PASSWORD}")
    lines = [encoded(ANN), encoded(PASSWORD)] if mechanism == "LOGIN" else [whole]
    with RawClient(getattr(server, port)) as client:
        client.greet()
        assert client.ask("HULLO").code == 500
        client.send("".join(f"{line}\r\n" for line in [f"AUTH {mechanism}", *lines]).encode())
        assert client.reply().code in (502, 503, 530)
        for _ in lines:
            assert client.reply().code in (500, 502, 503, 530)
        assert client.ask(f"AUTH {mechanism} {whole}").code in (502, 503, 530)
        client.ask("NOOP")
    wait_until(lambda: said_by_clients(server).count("command=") == len(lines) + 3, 5, "the log says so",
               server.log_tail)
    assert "command=HULLO" in said_by_clients(server), "otherwise it tells what was refused"
    for secret in (encoded(PASSWORD), whole, PASSWORD, encoded(PASSWORD).rstrip("=")):
        assert secret not in server.log.read_text(), said_by_clients(server)


def test_a_client_that_is_refused_within_the_exchange_shows_no_password(submission):
    server = submission()
    with under_tls(server) as client:
        assert client.ask("AUTH CRAM-MD5").code == 504
        client.ask(encoded(PASSWORD))
        assert client.ask("AUTH LOGIN").code == 334
        assert client.ask("not base64!").code == 501
        client.ask(encoded(PASSWORD))
        assert client.ask("AUTH PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}!")).code == 535
        client.ask("AUTHENTICATE PLAIN " + encoded(f"\0{ANN}\0{PASSWORD}"))
    wait_until(lambda: said_by_clients(server).count("command=") == 6, 5, "the log says so", server.log_tail)
    for secret in (encoded(PASSWORD), encoded(f"\0{ANN}\0{PASSWORD}"), encoded(f"\0{ANN}\0{PASSWORD}!"), PASSWORD):
        assert secret not in server.log.read_text(), said_by_clients(server)
