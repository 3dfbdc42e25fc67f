"""Input that nobody should send: a clear reply, bounded memory, and the server serves on."""

import socket
import time

import pytest
from harness import mails
from harness.raw_client import Gone, RawClient, Reply

MEMORY_GROWTH_MAX_KIB = 64 * 1024
MIB = 1024 * 1024
IDLE_SESSIONS = 400
IDLE_SESSION_KIB_MAX = 20  # Twice the aim: the allocator's own is in it.
NOT_TRUSTED = ["192.0.2.0/24"]  # Makes loopback a stranger.


@pytest.fixture
def server(start_veredus):
    """Short deadlines; at the end it must still serve and not have grown."""
    server = start_veredus(command_deadline="2s", data_deadline="2s", error_delay="10ms", message_bytes_max=2 * MIB,
                           recipients_max=100)
    server.send("me@client.example", "other@example.test", mails.mail("warm up"))
    before = server.memory_kib()
    yield server
    growth = server.memory_peak_kib() - before
    token = mails.token()
    server.send("me@client.example", "you@example.test", mails.mail(token))
    server.wait_for_mails(1)
    assert growth < MEMORY_GROWTH_MAX_KIB, f"memory grew by {growth} KiB"


def replies_until_closed(client: RawClient) -> list[Reply]:
    """All replies up to the end of the session; a timeout here means that it doesn't end."""
    replies = []
    while True:
        try:
            replies.append(client.reply())
        except Gone:
            return replies


def send_as_much_as_taken(client: RawClient, piece: bytes, octets_max: int) -> int:
    """Sends `piece` over and over until the server has enough."""
    sent = 0
    try:
        while sent < octets_max:
            client.send(piece)
            sent += len(piece)
    except Gone:
        pass
    return sent


def test_command_line_of_10_megabytes(server):
    with server.connect() as client:
        client.greet()
        send_as_much_as_taken(client, b"x" * 65536, 10 * MIB)
        replies = replies_until_closed(client)
        assert [reply.code for reply in replies] == [500, 421], replies
        assert "long" in replies[0].text.lower()


def test_command_line_that_is_too_long_is_answered_before_its_end(server):
    with server.connect() as client:
        client.greet()
        client.send(b"x" * 10_000)
        reply = client.reply()
        assert reply.code == 500 and "long" in reply.text.lower(), str(reply)
        client.send(b"and this is the end of it\r\n")
        assert client.ask("NOOP").code == 250


def test_message_line_of_10_megabytes(server):
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", "you@example.test")
        assert client.ask("DATA").code == 354
        send_as_much_as_taken(client, b"x" * 65536, 10 * MIB)
        replies = replies_until_closed(client)
        assert [reply.code for reply in replies] == [552], replies


def test_endless_headers(server):
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", "you@example.test")
        assert client.ask("DATA").code == 354
        send_as_much_as_taken(client, b"X-Header: and one more\r\n" * 2000, 60 * MIB)
        replies = replies_until_closed(client)
        assert [reply.code for reply in replies] == [552], replies


def test_million_recipients(server):
    """100 fit; the others get 452 (RFC 5321 §4.5.3.1.10) until the server has enough of it."""
    codes: list[int] = []
    with server.connect() as client:
        client.greet()
        client.ask("MAIL FROM:<me@client.example>")
        try:
            for _ in range(1_000_000 // 100):
                client.send(b"RCPT TO:<you@example.test>\r\n" * 100)
                for _ in range(100):
                    codes.append(client.reply().code)
        except Gone:
            pass
    assert codes.count(250) == 100
    assert set(codes) <= {250, 452, 421}, set(codes)
    assert 100 < len(codes) < 10_000, "the session should have ended long before"


@pytest.mark.parametrize("line", [
    b"EHLO cli\0ent.example", b"MAIL FROM:<me\0@client.example>", b"NO\0OP", b"\0" * 100, b"\xff\xfe\xfd",
    b"MAIL FROM:<me@client.example", b"RCPT TO:", b"MAIL", b"EHLO", b"DATA now", b"", b"   ",
    b"MAIL FROM:<me@client.example> SIZE=99999999999999999999999", b"MAIL FROM:<me@client.example> UNKNOWN=1",
    b"MAIL FROM:<" + b"a" * 300 + b"@client.example>", b"MAIL FROM:<@>",
])
def test_wrong_commands_get_a_clear_reply(server, line):
    with server.connect() as client:
        client.greet()
        reply = client.ask(line)
        assert 500 <= reply.code <= 559, str(reply)
        assert len(reply.text) > 10, str(reply)
        assert client.ask("NOOP").code == 250


def test_nul_bytes_in_a_message_are_refused(server):
    message = mails.mail("nul", "one\0two\r\n")
    with server.connect() as client:
        client.greet()
        reply = client.deliver("me@client.example", "other@example.test", message)
    assert reply.code == 554 and "NUL" in reply.text, str(reply)


def test_many_errors_end_the_session(server):
    with server.connect() as client:
        client.greet()
        replies = []
        try:
            for _ in range(200):
                replies.append(client.ask("WHAT"))
        except Gone:
            pass
        assert len(replies) < 200
        assert replies[-1].code == 421, str(replies[-1])


def test_silence_ends_the_session(server):
    started = time.monotonic()
    with server.connect() as client:
        assert client.reply().code == 220
        last = client.reply()
        assert last.code == 421, str(last)
        assert client.read_to_end() == b""
    assert 1.5 < time.monotonic() - started < 6


def test_silence_within_data_ends_the_session(server):
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", "you@example.test")
        client.ask("DATA")
        client.send(b"Subject: and then nothing\r\n")
        assert b"421" in client.read_to_end()
    assert not server.mails()


def test_slow_trickle_does_not_hold_a_session_for_ever(server):
    """A byte now and then is not a command: the deadline is for the whole line."""
    with server.connect() as client:
        client.greet()
        client.socket.settimeout(1)
        started = time.monotonic()
        ended = False
        while not ended and time.monotonic() - started < 8:
            try:
                client.send(b"N")
                ended = b"421" in client.socket.recv(1000)
            except TimeoutError:
                continue
            except Gone:
                ended = True
        assert ended


@pytest.mark.parametrize("request_line", [b"GET / HTTP/1.1", b"POST /mail HTTP/1.0",
                                          b"CONNECT mx.example.test:25 HTTP/1.1"])
def test_http_is_sent_away(server, request_line):
    with server.connect() as client:
        assert client.reply().code == 220
        client.send(request_line + b"\r\nHost: mx.example.test\r\n\r\nMAIL FROM:<a@b.example>\r\n")
        said = client.read_to_end()
        assert b"HTTP" in said or said[:3] in (b"421", b"500", b"521", b"554"), said
        assert b"\n250" not in said


def test_stranger_who_speaks_before_the_greeting_is_sent_away(start_veredus):
    server = start_veredus(relay_networks=NOT_TRUSTED)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(b"EHLO client.example\r\nMAIL FROM:<me@client.example>\r\n"
                       b"RCPT TO:<you@example.test>\r\nDATA\r\n")
        said = b""
        while piece := receive(client):
            said += piece
    assert said[:3] in (b"554", b"521", b"421"), said
    assert b"\n354" not in said


def receive(client: socket.socket) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        return b""


def test_clients_that_vanish_anywhere_leave_nothing_behind(server):
    message = mails.mail("cut", "body\r\n" * 100)
    whole = (b"EHLO client.example\r\nMAIL FROM:<me@client.example>\r\nRCPT TO:<you@example.test>\r\nDATA\r\n"
             + message)  # Without the final dot.
    for cut in range(1, len(whole), 37):
        with server.connect() as client:
            client.reply()
            client.send(whole[:cut])
    time.sleep(0.3)
    assert not server.mails()
    assert server.queue() == []


def test_idle_sessions_cost_little_memory(start_veredus):
    server = start_veredus()
    server.send("me@client.example", "other@example.test", mails.mail("warm up"))
    before = server.memory_kib()
    clients = []
    try:
        for _ in range(IDLE_SESSIONS):
            clients.append(server.connect())
        for client in clients:
            client.greet()
        each = (server.memory_kib() - before) / IDLE_SESSIONS
        assert each < IDLE_SESSION_KIB_MAX, f"{each:.1f} KiB a session"
    finally:
        for client in clients:
            client.socket.close()
