"""The peers and the harness by themselves: a failure here is not Veredus's."""

import dns.message
import dns.query
import dns.rcode
import peer_postfix
import pytest
from harness import mails
from harness.lying_dns import SLOW_SECONDS
from harness.load import Load
from harness.next_hop import Script
from harness.raw_client import RawClient
from harness.waiting import wait_until
from peer_daemon import run_inside


def send(port: int, message: bytes, recipient: str = "you@example.test", lmtp: bool = False) -> None:
    with RawClient(port) as client:
        assert client.reply().code == 220
        assert client.ask("LHLO client.example" if lmtp else "EHLO client.example").code == 250
        assert client.deliver("sender@client.example", recipient, message).code == 250


def assert_arrives(maildir, message: bytes, token: str) -> None:
    wait_until(lambda: mails.find_in_maildir(maildir, token), 15, f"{token} in {maildir}")
    assert mails.below_trace(mails.find_in_maildir(maildir, token)[0], message) == ""


def test_swaks_sends_through_postfix_into_a_next_hop(postfix, next_hops):
    hop = next_hops()
    server = postfix(f"[127.0.0.1]:{hop.port}")
    done = run_inside("/usr/bin/swaks", "--server", f"127.0.0.1:{server.port}", "--to", "you@far.example")
    assert done.returncode == 0, done.stdout
    wait_until(lambda: hop.received, 15, "the mail at the next hop")
    assert hop.recipients() == ["you@far.example"]
    assert not hop.violations


@pytest.mark.parametrize("kind", ["postfix", "exim"])
def test_mail_server_puts_mail_into_its_maildir(kind, request):
    server = request.getfixturevalue(kind)()
    token = mails.token()
    message = mails.mail(token)
    send(server.port, message)
    assert_arrives(server.folder / "mail", message, token)


def test_dovecot_takes_lmtp_and_refuses_strangers(dovecot):
    server = dovecot(["you@lmtp.example"])
    token = mails.token()
    message = mails.mail(token)
    send(server.port, message, "you@lmtp.example", lmtp=True)
    assert_arrives(server.folder / "mail" / "you@lmtp.example", message, token)
    assert (server.folder / "lmtp.socket").is_socket()
    with RawClient(server.port) as client:
        client.reply()
        client.ask("LHLO client.example")
        assert client.envelope("a@client.example", "nobody@lmtp.example")[1].code == 550


def test_smtp_source_sends_into_smtp_sink(sink):
    server = sink()
    done = peer_postfix.smtp_source("-s", "5", "-m", "100", "-l", "4096", f"127.0.0.1:{server.port}")
    assert done.returncode == 0, done.stdout


def ask(server: str, name: str, kind: str) -> dns.message.Message:
    host, port = server.split(":")
    return dns.query.udp(dns.message.make_query(name, kind), host, port=int(port), timeout=5)


def test_name_server_answers_from_the_zones(name_server):
    assert len(ask(name_server, "equal.example", "MX").answer[0]) == 3
    assert ask(name_server, "gone.example", "MX").rcode() == dns.rcode.NXDOMAIN
    assert ask(name_server, "any.servfail.example", "MX").rcode() == dns.rcode.SERVFAIL


def test_lying_name_server_is_slow_silent_and_failing(lying_name_server):
    server = lying_name_server
    assert ask(server.server, "one.example", "MX").rcode() == dns.rcode.NOERROR
    server.failures_left = 1
    assert ask(server.server, "flaky.example", "MX").rcode() == dns.rcode.SERVFAIL
    assert ask(server.server, "flaky.example", "MX").rcode() == dns.rcode.NOERROR
    answer = ask(server.server, "slow.example", "MX")
    assert answer.time > SLOW_SECONDS - 0.1 and answer.answer
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(dns.message.make_query("silent.example", "MX"), "127.0.0.1", port=server.port, timeout=0.5)


def test_next_hop_follows_its_script(next_hops):
    hop = next_hops(script=Script(extensions=(), recipient_replies={"b@x.example": ["450 4.2.0 Busy"]},
                                  data_replies=["451 4.3.0 Later"], cut_after=["QUIT"]))
    message = mails.mail("script", "höhe\r\n")
    with RawClient(hop.port) as client:
        client.greet()
        assert [reply.code for reply in client.envelope("a@x.example", "a@x.example", "b@x.example")] == [250, 250, 450]
        client.ask("RSET")
        assert client.deliver("a@x.example", "a@x.example", message).code == 451
        assert client.deliver("a@x.example", "b@x.example", message).code == 250
        client.send(b"QUIT\r\n")
        assert client.read_to_end() == b""
    assert hop.recipients() == ["b@x.example"]
    assert hop.received[0].data == message
    assert hop.violations == ["eight-bit data was sent, without 8BITMIME"] * 2


def test_load_knows_what_was_acknowledged(next_hops):
    hop = next_hops()
    load = Load(hop.port, ["a@x.example", "b@x.example"], sessions=3)
    wait_until(lambda: len(load.acknowledged) > 50, 15, "50 mails acknowledged")
    load.stop()
    assert not load.refused
    stored = [message.data for message in hop.received]
    assert all(any(token.encode() in data for data in stored) for token, _ in load.acknowledged)


@pytest.mark.parametrize(("stored", "problem"), [
    (b"Return-Path: <a@b>\nReceived: from x\n\tby y; now\nSubject: s\n\nbody\n", ""),
    (b"Received: x\r\nSubject: s\r\n\r\nbody\r\n", ""),
    (b"Received: x\nSubject: t\n\nbody\n", "first line"),
    (b"Received: x\r\nSubject: s\n\nbody\n", "first line"),
    (b"X-Other: x\nSubject: s\n\nbody\n", "not a trace field"),
    (b"Subject: s\n\nbOdy\n", "differs at byte"),
    (b"Subject: s\n\nbody\nmore\n", "differs at byte"),
])
def test_below_trace_sees_every_change(stored, problem):
    said = mails.below_trace(stored, b"Subject: s\r\n\r\nbody\r\n")
    assert problem in said if problem else said == ""
