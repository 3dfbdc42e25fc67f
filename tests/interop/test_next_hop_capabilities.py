"""Next hops that can less, answer oddly or go away: Veredus adapts, retries or gives up as it should."""

import email
import email.policy

import pytest
from harness import mails
from harness.next_hop import Script
from harness.waiting import wait_until

TEXT = "Grüße aus Köln, 10 € = 日本語\r\n.\r\nline with trailing blank \r\n" + "ä" * 400 + "\r\n"
WITHOUT_8BITMIME = ("PIPELINING", "SIZE 50000000", "ENHANCEDSTATUSCODES")
EIGHT_BIT_HEADERS = ("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                     "Content-Transfer-Encoding: 8bit\r\n")


@pytest.fixture
def relay(start_veredus, next_hops):
    """relay(script): a Veredus and its smart host, which does as the script says."""
    def start(script: Script | None = None, **settings):
        hop = next_hops(script=script)
        return start_veredus(smart_host=f"127.0.0.1:{hop.port}", **settings), hop
    return start


def wait_for(hop, count: int = 1, seconds: float = 20):
    wait_until(lambda: len(hop.received) >= count, seconds, f"{count} mails at the next hop")
    assert not hop.violations
    return hop.received


def decoded(data: bytes):
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def test_what_it_may_it_uses(relay):
    server, hop = relay()
    message = mails.mail("all extensions", TEXT, EIGHT_BIT_HEADERS)
    with server.connect() as client:
        client.greet()
        assert client.ask("MAIL FROM:<me@client.example> BODY=8BITMIME").code == 250
        client.ask("RCPT TO:<you@far.example>")
        client.ask("DATA")
        client.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert client.reply().code == 250
    received = wait_for(hop)[0]
    assert mails.below_trace(received.data, message) == ""
    assert "SIZE=" in received.parameters
    assert "BODY=8BITMIME" in received.parameters


@pytest.mark.parametrize("encoding", ["8bit", None], ids=["declared", "undeclared"])
def test_eight_bit_text_is_converted_for_a_seven_bit_hop(relay, encoding):
    server, hop = relay(Script(extensions=WITHOUT_8BITMIME))
    headers = EIGHT_BIT_HEADERS if encoding else "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    server.send("me@client.example", "you@far.example", mails.mail("seven bits", TEXT, headers))
    received = wait_for(hop)[0].data
    assert received.isascii()
    message = decoded(received)
    assert message["Content-Transfer-Encoding"] in ("quoted-printable", "base64")
    assert message["Subject"] == "seven bits"
    assert message.get_content().replace("\r\n", "\n") == TEXT.replace("\r\n", "\n")
    assert all(len(line) <= 998 for line in received.split(b"\r\n"))


def test_parts_of_a_multipart_are_converted_one_by_one(relay):
    server, hop = relay(Script(extensions=WITHOUT_8BITMIME))
    body = ("--b1\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nplain stays as it is = 1\r\n"
            "--b1\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
            f"<p>{TEXT}</p>\r\n"
            "--b1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\nAAEC\r\n"
            "--b1--\r\n")
    headers = ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b1\r\n"
               "Content-Transfer-Encoding: 8bit\r\n")
    server.send("me@client.example", "you@far.example", mails.mail("parts", body, headers))
    received = wait_for(hop)[0].data
    assert received.isascii()
    message = decoded(received)
    assert (message["Content-Transfer-Encoding"] or "7bit") == "7bit"  # RFC 2045 §6.4
    plain, html, binary = message.iter_parts()
    assert plain.get_content().rstrip() == "plain stays as it is = 1"
    assert TEXT.replace("\r\n", "\n") in html.get_content().replace("\r\n", "\n")
    assert binary.get_content() == b"\x00\x01\x02"


def test_seven_bit_mail_is_not_touched_for_a_seven_bit_hop(relay):
    server, hop = relay(Script(extensions=WITHOUT_8BITMIME))
    message = mails.mail("ascii", "only ascii\r\n")
    server.send("me@client.example", "you@far.example", message)
    assert mails.below_trace(wait_for(hop)[0].data, message) == ""


@pytest.mark.parametrize("script", [Script(extensions=()), Script(refuses_ehlo=True)], ids=["no_extensions", "helo"])
def test_hop_of_the_old_school(relay, script):
    """RFC 5321 §3.2: HELO where EHLO is refused; nothing pipelined, no parameters (next_hop.py looks)."""
    server, hop = relay(script)
    message = mails.mail("plain", "seven bits\r\n")
    server.send("me@client.example", "you@far.example", message)
    received = wait_for(hop)[0]
    assert mails.below_trace(received.data, message) == ""
    assert received.parameters.strip() == ""


def test_size_limit_of_the_hop_is_a_permanent_failure(relay):
    server, hop = relay(Script(extensions=("SIZE 1000",)))
    server.send("you@example.test", "you@far.example", mails.mail("big", "x" * 70 + "\r\n" + "y\r\n" * 1000))
    assert "Status: 5.3.4" in server.wait_for_bounce("you@far.example")
    assert not hop.received


def test_each_recipient_has_its_own_outcome(relay):
    script = Script(recipient_replies={"later@far.example": ["450 4.2.1 Busy"], "never@far.example":
                                       ["550 5.1.1 No such user"] * 50})
    server, hop = relay(script)
    with server.connect() as client:
        client.greet()
        client.envelope("you@example.test", "now@far.example", "later@far.example", "never@far.example")
        client.ask("DATA")
        client.send(b"Subject: three\r\n\r\nbody\r\n.\r\n")
        assert client.reply().code == 250
    wait_until(lambda: set(hop.recipients()) == {"now@far.example", "later@far.example"}, 15, "two recipients")
    assert "550 5.1.1 No such user" in server.wait_for_bounce("never@far.example")
    assert sorted(hop.recipients()) == ["later@far.example", "now@far.example"]  # Each once.
    server.wait_for_empty_queue()


@pytest.mark.parametrize("script", [
    Script(data_replies=["451 4.3.0 Later", "452 4.3.1 Full"]),
    Script(cut_after=["greeting", "EHLO", "MAIL"]),
    Script(cut_after=["RCPT", "DATA", ".before"]),
    Script(recipients_max=1),
    Script(extensions=(), cut_after=["DATA"]),
], ids=["data_deferred", "cut_early", "cut_late", "one_recipient_at_a_time", "cut_without_pipelining"])
def test_temporary_trouble_ends_in_delivery(relay, script):
    server, hop = relay(script)
    recipients = ["one@far.example", "two@far.example", "three@far.example"]
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", *recipients)
        client.ask("DATA")
        client.send(b"Subject: patience\r\n\r\nbody\r\n.\r\n")
        assert client.reply().code == 250
    wait_until(lambda: set(hop.recipients()) == set(recipients), 40, "all three got it")
    server.wait_for_empty_queue()
    assert not hop.violations


def test_cut_before_the_last_reply_may_deliver_twice_but_never_not(relay):
    server, hop = relay(Script(cut_after=["."]))
    server.send("me@client.example", "you@far.example", mails.mail("twice"))
    wait_for(hop, 2, seconds=30)
    server.wait_for_empty_queue()


@pytest.mark.parametrize("reply", ["554 5.7.1 Not you", "550 5.7.1 Not this"])
def test_permanent_refusal_is_final_and_visible(relay, reply):
    server, hop = relay(Script(data_replies=[reply]))
    server.send("you@example.test", "you@far.example", mails.mail("refused"))
    assert reply in server.wait_for_bounce("you@far.example")
    server.wait_for_empty_queue()
    assert not hop.received


@pytest.mark.parametrize("greeting", ["421 4.3.2 Busy", "554 5.3.2 Closed"])
def test_unfriendly_greeting_is_tried_again(relay, greeting):
    """RFC 5321 §3.1, §4.2.1: 421 is temporary. 554 means no SMTP here now; the mail stays visible."""
    server, hop = relay(Script(greeting=greeting))
    server.send("me@client.example", "you@far.example", mails.mail("greeting"))
    wait_until(lambda: server.queue_shows("you@far.example"), 10, "in the queue")
    wait_until(lambda: hop.sessions >= 1, 10, "a session")
    if greeting.startswith("421"):
        hop.script.greeting = "220 hop.example ESMTP"
        wait_for(hop, seconds=30)


def test_slow_replies_are_waited_for(relay):
    server, hop = relay(Script(delays={"greeting": 1, "MAIL": 1, ".": 2}))
    server.send("me@client.example", "you@far.example", mails.mail("slow"))
    wait_for(hop, seconds=20)
    server.wait_for_empty_queue()
    assert len(hop.received) == 1


def test_connections_are_used_again(relay):
    server, hop = relay()
    for number in range(30):
        server.send("me@client.example", f"you{number}@far.example", mails.mail(f"number {number}"))
    wait_for(hop, 30)
    assert hop.sessions < 30


def test_one_dead_hop_delays_no_other(start_veredus, next_hops):
    dead, alive = next_hops(script=Script(delays={"greeting": 60})), next_hops()
    server = start_veredus(routes={"dead.example": f"127.0.0.1:{dead.port}",
                                   "alive.example": f"127.0.0.1:{alive.port}"})
    for number in range(50):
        server.send("me@client.example", f"you{number}@dead.example", mails.mail("stuck"))
    server.send("me@client.example", "you@alive.example", mails.mail("free"))
    wait_for(alive, seconds=5)
