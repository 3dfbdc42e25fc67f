"""Real clients send to a mailbox of ours: everything arrives, no byte below the trace changed."""

import smtplib

import peer_postfix
import pytest
from harness import clients, mails
from harness.config import Domain
from harness.waiting import wait_until

EIGHT_BIT = "Grüße aus Köln\r\n.\r\n..\r\n" + "x" * 990 + "\r\n \r\n\r\n"


def assert_stored(server, message: bytes, address: str = "you@example.test") -> bytes:
    stored = server.wait_for_mails(1, address)[0]
    assert mails.below_trace(stored, message) == ""
    return stored


def test_swaks(start_veredus, peer_root_ready):
    server = start_veredus()
    token = mails.token()
    done = clients.swaks(server.port, "--to", "you@example.test", "--from", "me@client.example",
                         "--header", f"X-Token: {token}", "--body", f"first\n.second\n{token}")
    assert done.returncode == 0, done.stdout
    stored = server.wait_for_mails(1)[0]
    assert stored.count(token.encode()) == 2
    assert b"\n.second" in stored


def test_swaks_pipelining(start_veredus, peer_root_ready):
    server = start_veredus()
    done = clients.swaks(server.port, "--to", "you@example.test,other@example.test", "--from", "me@client.example",
                         "--pipeline")
    assert done.returncode == 0, done.stdout
    server.wait_for_mails(1)
    server.wait_for_mails(1, "other@example.test")


def test_smtplib(start_veredus):
    server = start_veredus()
    message = mails.mail("smtplib", EIGHT_BIT)
    refused = clients.with_smtplib(server.port, "me@client.example", ["you@example.test"], message, ("BODY=8BITMIME",))
    assert refused == {}
    assert_stored(server, message)


def test_smtplib_learns_each_recipient_refused(start_veredus):
    server = start_veredus()
    message = mails.mail("partly")
    recipients = ["nobody@example.test", "you@example.test"]
    refused = clients.with_smtplib(server.port, "me@client.example", recipients, message)
    assert set(refused) == {"nobody@example.test"}
    assert refused["nobody@example.test"][0] == 550
    assert_stored(server, message)


def test_smtplib_is_told_the_size_limit(start_veredus):
    server = start_veredus(message_bytes_max=100_000)
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
        client.ehlo("client.example")
        assert client.esmtp_features["size"] == "100000"
        code, _ = client.mail("me@client.example", ["SIZE=100001"])
        assert code == 552


def test_nodemailer(start_veredus, peer_root_ready):
    server = start_veredus()
    message = mails.mail("nodemailer", EIGHT_BIT)
    done = clients.nodemailer(server.port, "me@client.example", ["you@example.test"], message)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.startswith(b"250 ")
    assert_stored(server, message)


@pytest.mark.parametrize("kept", [True, False], ids=["sessions_kept", "one_session_a_mail"])
def test_smtp_source_with_many_sessions(start_veredus, peer_root_ready, kept):
    server = start_veredus()
    count = 1000 if kept else 300
    options = ["-d"] if kept else []
    done = peer_postfix.smtp_source("-s", "20", "-m", str(count), "-l", "4096", *options, "-f", "me@client.example",
                                    "-t", "you@example.test", f"127.0.0.1:{server.port}")
    assert done.returncode == 0, done.stdout
    stored = server.wait_for_mails(count, seconds=60)
    assert len(stored) == count
    assert all(data.count(b"X" * 70) >= 40 for data in stored)


def test_veredus_send_from_file_and_from_standard_input(start_veredus, tmp_path):
    server = start_veredus()
    message = mails.mail("veredus send", EIGHT_BIT)
    body = tmp_path / "message.eml"
    body.write_bytes(message)
    envelope = ("--server", server.address, "--from", "me@client.example", "--to", "you@example.test")
    for arguments, text in ((("--body", str(body)), None), (("--body", "-"), message)):
        done = server.command("send", *envelope, *arguments, text=text)
        assert done.returncode == 0, done.stderr.decode()
    for stored in server.wait_for_mails(2):
        assert mails.below_trace(stored, message) == ""


def test_veredus_send_repeats_in_parallel(start_veredus):
    server = start_veredus()
    done = server.command("send", "--server", server.address, "--from", "me@client.example", "--to",
                          "you@example.test", "--repeat", "200", "--parallel", "8")
    assert done.returncode == 0, done.stderr.decode()
    assert len(server.wait_for_mails(200, seconds=40)) == 200


def test_veredus_send_shows_the_dialogue_and_fails_when_refused(start_veredus):
    server = start_veredus()
    done = server.command("send", "--server", server.address, "--from", "me@client.example", "--to",
                          "nobody@example.test", "--verbose")
    assert done.returncode != 0
    dialogue = (done.stdout + done.stderr).decode()
    assert "rcpt to:<nobody@example.test>" in dialogue.lower()
    assert "550" in dialogue


def test_trace_fields_of_a_final_delivery(start_veredus):
    server = start_veredus()
    server.send("me@client.example", "you@example.test", mails.mail("trace"))
    stored = server.wait_for_mails(1)[0]
    assert stored.startswith(b"Return-Path: <me@client.example>")
    assert mails.first_header(stored, "Delivered-To") == "you@example.test"
    received = mails.first_header(stored, "Received")
    for part in ("from client.example", "[127.0.0.1]", "by mx.example.test", "with ESMTP", "for <you@example.test>"):
        assert part in received


@pytest.mark.parametrize(("recipient", "mailbox"), [
    ("you+list@example.test", "you@example.test"),
    ("YOU@EXAMPLE.TEST", "you@example.test"),
    ("sales@example.test", "you@example.test"),
    ("sales@example.test", "other@example.test"),
    ("anything@all.test", "box@all.test"),
])
def test_addresses_of_ours_reach_their_mailbox(start_veredus, recipient, mailbox):
    domains = [Domain("example.test", ["you", "other"], {"sales": ["you", "other"]}),
               Domain("all.test", ["box"], catch_all="box")]
    server = start_veredus(domains=domains)
    message = mails.mail("for us")
    server.send("", recipient, message)
    assert assert_stored(server, message, mailbox).startswith(b"Return-Path: <>")


def test_alias_reaches_a_mailbox_and_another_server(start_veredus, next_hops):
    hop = next_hops()
    domains = [Domain("example.test", ["you"], {"sales": ["you", "boss@far.example"]})]
    server = start_veredus(domains=domains, smart_host=f"127.0.0.1:{hop.port}")
    message = mails.mail("for two")
    server.send("me@client.example", "sales@example.test", message)
    assert_stored(server, message)
    wait_until(lambda: hop.recipients() == ["boss@far.example"], 10, "the alias's other address")
    assert mails.below_trace(hop.received[0].data, message) == ""
    server.wait_for_empty_queue()


@pytest.mark.parametrize("recipient", ["postmaster@example.test", "PostMaster@example.test", "postmaster"])
def test_postmaster_is_always_accepted(start_veredus, recipient):
    server = start_veredus()
    with server.connect() as client:
        client.greet()
        assert client.ask("MAIL FROM:<>").code == 250
        reply = client.ask(f"RCPT TO:<{recipient}>")
        assert reply.code == 250, str(reply)


def test_strangers_may_not_relay(start_veredus):
    server = start_veredus(relay_networks=["192.0.2.0/24"])
    with server.connect() as client:
        client.greet()
        replies = client.envelope("me@client.example", "you@far.example", "you@example.test")
        assert [reply.code for reply in replies] == [250, 550, 250], [str(reply) for reply in replies]
