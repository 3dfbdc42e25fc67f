"""Real mail servers before and behind Veredus: they take what it sends, byte for byte."""

import pytest
from harness import clients, mails
from harness.config import Domain
from harness.waiting import free_port, wait_until

# Lines with dots, eight-bit text, trailing blanks, an empty end.
BODY = ".\r\n..\r\n.dot\r\nGrüße\r\n" + "y" * 900 + "\r\ntrailing blanks  \t\r\n\r\n"


def assert_in_maildir(maildir, message: bytes, token: str) -> bytes:
    wait_until(lambda: mails.find_in_maildir(maildir, token), 20, f"{token} in {maildir}")
    stored = mails.find_in_maildir(maildir, token)
    assert len(stored) == 1
    assert mails.below_trace(stored[0], message) == ""
    return stored[0]


@pytest.mark.parametrize("kind", ["postfix", "exim"])
@pytest.mark.parametrize("by", ["smart_host", "route"])
def test_mail_server_behind(start_veredus, request, kind, by):
    behind = request.getfixturevalue(kind)()
    next_hop = f"127.0.0.1:{behind.port}"
    settings = {"smart_host": next_hop} if by == "smart_host" else {"routes": {"far.example": next_hop}}
    server = start_veredus(**settings)
    token = mails.token()
    message = mails.mail(token, BODY)
    server.send("me@client.example", "you@far.example", message)
    stored = assert_in_maildir(behind.folder / "mail", message, token)
    assert b"by mx.example.test" in stored
    server.wait_for_empty_queue()


@pytest.mark.parametrize("kind", ["postfix", "exim"])
def test_many_mails_through_to_a_mail_server_behind(start_veredus, request, kind):
    behind = request.getfixturevalue(kind)()
    server = start_veredus(smart_host=f"127.0.0.1:{behind.port}")
    for number in range(60):
        server.send("me@client.example", f"you{number}@far.example", mails.mail(f"number {number}"))
    wait_until(lambda: len(mails.maildir_files(behind.folder / "mail")) >= 60, 40, "60 mails behind")
    server.wait_for_empty_queue()


def test_many_mails_through_to_smtp_sink(start_veredus, sink, peer_root_ready):
    behind = sink()
    server = start_veredus(smart_host=f"127.0.0.1:{behind.port}")
    done = server.command("send", "--server", server.address, "--from", "me@client.example", "--to",
                          "you@far.example", "--repeat", "500", "--parallel", "10")
    assert done.returncode == 0, done.stderr.decode()
    server.wait_for_empty_queue()


@pytest.mark.parametrize("over", ["tcp", "socket"])
def test_dovecot_behind_by_lmtp(start_veredus, dovecot, over):
    behind = dovecot(["you@lmtp.example", "other@lmtp.example"])
    socket_path = (behind.folder / "lmtp.socket").resolve()
    to = f"lmtp://127.0.0.1:{behind.port}" if over == "tcp" else f"lmtp://{socket_path}"
    server = start_veredus(domains=[Domain("lmtp.example", deliver=to)])
    token = mails.token()
    message = mails.mail(token, BODY)
    with server.connect() as client:
        client.greet()
        replies = client.envelope("me@client.example", "you@lmtp.example", "other@lmtp.example")
        assert all(reply.code == 250 for reply in replies)
        client.ask("DATA")
        client.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert client.reply().code == 250
    for user in ("you@lmtp.example", "other@lmtp.example"):
        stored = assert_in_maildir(behind.folder / "mail" / user, message, token)
        assert stored.startswith(b"Return-Path: <me@client.example>")
    server.wait_for_empty_queue()


def test_lmtp_outcome_is_each_recipients_own(start_veredus, dovecot):
    """RFC 2033 §4.2: one is delivered, the one Dovecot doesn't know fails, neither disturbs the other."""
    behind = dovecot(["you@lmtp.example"])
    server = start_veredus(domains=[Domain("example.test", mailboxes=["you"]),
                                     Domain("lmtp.example", deliver=f"lmtp://127.0.0.1:{behind.port}")])
    token = mails.token()
    message = mails.mail(token)
    with server.connect() as client:
        client.greet()
        client.envelope("you@example.test", "you@lmtp.example", "stranger@lmtp.example")
        client.ask("DATA")
        client.send(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert client.reply().code == 250
    assert_in_maildir(behind.folder / "mail" / "you@lmtp.example", message, token)
    assert "User doesn't exist" in server.wait_for_bounce("stranger@lmtp.example")


def test_a_loop_of_two_servers_is_cut(start_veredus):
    """RFC 5321 §6.3: the mail goes round until it has too many Received fields, and so does its bounce."""
    way_back = free_port()
    there = start_veredus("there", domains=[], smart_host=f"127.0.0.1:{way_back}")
    here = start_veredus("here", port=way_back, domains=[], smart_host=there.address)
    here.send("me@client.example", "you@far.example", mails.mail("round and round"))
    def given_up(recipient: str) -> bool:
        return any(recipient in line for server in (here, there) for line in server.log_lines("event=delivery_failed"))
    wait_until(lambda: given_up("you@far.example"), 40, "the loop is cut")
    wait_until(lambda: given_up("me@client.example"), 40, "its bounce's loop too")
    for server in (here, there):
        server.wait_for_empty_queue()


def test_postfix_before(start_veredus, postfix, peer_root_ready):
    server = start_veredus()
    before = postfix(f"[127.0.0.1]:{server.port}")
    token = mails.token()
    message = mails.mail(token, BODY)
    clients.with_smtplib(before.port, "me@client.example", ["you@example.test", "other@example.test"], message)
    assert_in_maildir(server.maildir(), message, token)
    assert_in_maildir(server.maildir("other@example.test"), message, token)


def test_postfix_before_passes_refusals_on(start_veredus, postfix, peer_root_ready):
    """What Veredus refuses, Postfix bounces: the reply it logs is the one we gave."""
    server = start_veredus()
    before = postfix(f"[127.0.0.1]:{server.port}")
    clients.with_smtplib(before.port, "me@client.example", ["nobody@example.test"], mails.mail("refused"))
    log = before.folder / "postfix.log"
    wait_until(lambda: "status=bounced" in log.read_text(), 15, "Postfix bounced it", before.log_tail)
    assert "550" in log.read_text()


def test_postfix_before_sends_many_recipients(start_veredus, postfix, peer_root_ready):
    server = start_veredus(domains=[Domain("all.test", ["box"], catch_all="box")])
    before = postfix(f"[127.0.0.1]:{server.port}")
    recipients = [f"user{number}@all.test" for number in range(80)]
    clients.with_smtplib(before.port, "me@client.example", recipients, mails.mail("many"))
    server.wait_for_mails(1, "box@all.test", seconds=30)
