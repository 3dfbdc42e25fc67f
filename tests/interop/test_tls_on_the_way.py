"""What somebody between us and the other side may try: cut the connection, take STARTTLS away, put words in."""

import smtplib
import socket
import subprocess

import pytest
from harness import mails
from harness.accounts import ANN, PASSWORD, start_tls, unverified
from harness.next_hop import ALL_EXTENSIONS, Script
from harness.raw_client import RawClient
from harness.waiting import wait_until

CUT = "it ended without the end that TLS has"


def cut(client: RawClient) -> None:
    """Ends TCP without TLS's close_notify, as anybody on the way can."""
    client.socket.shutdown(socket.SHUT_WR)
    client.socket.close()


def is_served(server) -> None:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
        client.starttls(context=unverified())
        client.sendmail("me@client.example", ["you@example.test"], mails.mail("still served"))


@pytest.mark.parametrize("so_far", [b"hal", b"half\r\n", b"whole\r\n.", b"whole\r\n.\r"],
                         ids=["in_a_line", "after_a_line", "after_the_dot", "in_the_last_line_end"])
def test_a_message_that_is_cut_is_nobodys(secure, so_far):
    client = start_tls(secure)
    assert [reply.code for reply in client.envelope("me@client.example", "you@example.test")] == [250, 250]
    assert client.ask("DATA").code == 354
    client.send(b"Subject: half\r\n\r\n" + so_far)
    cut(client)
    wait_until(lambda: secure.log_lines("event=message_broken_off"), 5, "the log says so")
    assert CUT in secure.log_lines("event=message_broken_off")[0]
    assert not secure.log_lines("event=message_accepted")
    is_served(secure)
    assert len(secure.wait_for_mails(1)) == 1 and b"still served" in secure.mails()[0]
    secure.wait_for_empty_queue()


@pytest.mark.parametrize("said", [b"", b"MAIL FROM:<me@client.example>\r\n", b"NOO"],
                         ids=["nothing", "a_command", "half_a_command"])
def test_a_session_that_is_cut_between_commands(secure, said):
    for _ in range(3):
        client = start_tls(secure)
        client.send(said)
        cut(client)
    is_served(secure)
    secure.wait_for_mails(1)
    assert not secure.log_lines("event=message_broken_off")


@pytest.fixture
def to_hop(start_veredus, authority):
    """to_hop(hop, tls, ...): a server that sends mail for far.example there."""
    def start(hop, tls: str, **more):
        return start_veredus(more={
            "route": [{"domain": "far.example", "to": f"localhost:{hop.port}", "tls": tls}],
            "tls": {"ca_file": str(authority.file)}, "deliver": {"ipv6": False, "host_pause": "1s"}} | more)
    return start


@pytest.mark.parametrize("cut_after", ["MAIL", "DATA", "."])
def test_a_next_hop_that_is_cut_gets_the_mail_later(to_hop, next_hops, authority, cut_after):
    """Without a reply nobody took it: the mail is tried again, under TLS as before."""
    hop = next_hops(script=Script(certificate=authority.certify("localhost"), cut_after=[cut_after]))
    server = to_hop(hop, "verify")
    server.send("me@client.example", "you@far.example", mails.mail("twice perhaps, once for sure"))
    wait_until(lambda: server.log_lines("event=delivery_deferred"), 15, "it waits", server.log_tail)
    server.wait_for_empty_queue()
    assert set(hop.recipients()) == {"you@far.example"}
    assert not hop.violations
    assert hop.sessions > 1


@pytest.mark.parametrize("tls", ["require", "verify"])
def test_words_behind_the_reply_to_starttls(to_hop, next_hops, authority, tls):
    """RFC 3207 §6: they came in the clear, and would be read as if they had not."""
    words = "220 2.0.0 Begin\r\n250-hop.example\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n250 2.1.0 Ok"
    hop = next_hops(script=Script(certificate=authority.certify("localhost"), starttls_reply=words))
    server = to_hop(hop, tls)
    server.send("me@client.example", "you@far.example", mails.mail("secret"))
    wait_until(lambda: server.queue_shows("you@far.example", "deferred"), 15, "it waits", server.log_tail)
    assert server.queue_shows("4.7.5"), server.queue()
    assert not hop.received
    assert {line.split()[1] for line in hop.commands} <= {"EHLO", "STARTTLS", "QUIT"}, hop.commands


@pytest.fixture
def with_password(start_veredus, authority, tmp_path):
    """with_password(hop, key=value of [relay], ...): a server that sends all through it, and has a user there."""
    (tmp_path / "password").write_text(PASSWORD + "\n")
    def start(hop, **relay):
        return start_veredus(smart_host=f"localhost:{hop.port}", more={
            "relay": {"smart_host_user": ANN, "smart_host_password_file": str(tmp_path / "password")} | relay,
            "tls": {"ca_file": str(authority.file)}, "deliver": {"ipv6": False, "host_pause": "1s"}})
    return start


@pytest.mark.parametrize("relay", [{}, {"smart_host_tls": "require"}, {"smart_host_tls": "verify"}],
                         ids=["default", "require", "verify"])
def test_a_smart_host_without_starttls_learns_no_password(with_password, next_hops, relay):
    """Somebody has taken STARTTLS out of what it offers, and put AUTH PLAIN in."""
    hop = next_hops(script=Script(extensions=(*ALL_EXTENSIONS, "AUTH PLAIN LOGIN")))
    server = with_password(hop, **relay)
    server.send(ANN, "you@far.example", mails.mail("secret"))
    wait_until(lambda: server.queue_shows("you@far.example", "deferred"), 15, "it waits", server.log_tail)
    assert server.queue_shows("4.7.5"), server.queue()
    assert not hop.received
    assert {line.split()[1] for line in hop.commands} <= {"EHLO", "QUIT"}, hop.commands


def test_renegotiation_is_refused(secure):
    """openssl s_client takes R on a line of its own as the wish to renegotiate."""
    with subprocess.Popen(["openssl", "s_client", "-tls1_2", "-crlf", "-connect", f"127.0.0.1:{secure.tls_port}"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as client:
        said = b""
        while b"220 mx.example.test" not in said:
            said += client.stdout.read1()
        client.stdin.write(b"R\n")
        client.stdin.flush()
        said, _ = client.communicate(b"NOOP\n", timeout=20)
    assert b"RENEGOTIATING" in said
    assert b"no renegotiation" in said, said.decode()
    is_served(secure)
    secure.wait_for_mails(1)
