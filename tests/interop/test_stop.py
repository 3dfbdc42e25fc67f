"""SIGTERM: sessions hear 421, mail under way is finished or kept, the exit comes soon."""

import os
import signal
import time

from harness import mails
from harness.next_hop import Script
from harness.raw_client import Gone, stuffed
from harness.waiting import wait_until

STOP_SECONDS_MAX = 10


def timed_end(server) -> float:
    started = time.monotonic()
    assert server.wait_for_end() == 0, server.log_tail()
    return time.monotonic() - started


def test_open_sessions_hear_421(start_veredus):
    server = start_veredus()
    clients = [server.connect() for _ in range(5)]
    for client in clients:
        client.greet()
    clients[1].ask("MAIL FROM:<me@client.example>")
    server.terminate()
    for client in clients:
        reply = client.reply()
        assert reply.code == 421, str(reply)
        assert client.read_to_end() == b""
    assert timed_end(server) < STOP_SECONDS_MAX


def test_message_in_hand_is_finished(start_veredus):
    """The client that is within DATA gets its 250, and the mail is there after the next start."""
    server = start_veredus()
    token = mails.token()
    message = stuffed(mails.mail(token))
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", "you@example.test")
        assert client.ask("DATA").code == 354
        client.send(message[:20])
        server.terminate()
        time.sleep(0.3)
        client.send(message[20:])
        reply = client.reply()
    assert timed_end(server) < STOP_SECONDS_MAX
    server.start()
    if reply.code == 250:
        assert token.encode() in server.wait_for_mails(1)[0]
    else:
        assert reply.code == 421, str(reply)
        assert not server.mails()


def test_nobody_gets_in_while_it_stops(start_veredus):
    server = start_veredus()
    with server.connect() as client:
        client.greet()
        server.terminate()
        assert timed_end(server) < STOP_SECONDS_MAX
        try:
            server.connect(seconds=1)
            raise AssertionError("it still listens")
        except OSError:
            pass


def test_delivery_under_way_is_kept_for_the_next_start(start_veredus, next_hops):
    hop = next_hops(script=Script(delays={"MAIL": 60}))
    server = start_veredus(smart_host=f"127.0.0.1:{hop.port}")
    server.send("me@client.example", "you@far.example", mails.mail("slow hop"))
    wait_until(lambda: hop.sessions, 10, "the delivery has begun")
    server.terminate()
    server.wait_for_end()
    hop.script.delays.clear()
    server.start()
    wait_until(lambda: hop.recipients() == ["you@far.example"], 20, "delivered after the next start")


def test_interrupt_from_the_keyboard_ends_it_too(start_veredus):
    server = start_veredus()
    os.kill(server.pid, signal.SIGINT)
    assert timed_end(server) < STOP_SECONDS_MAX


def test_stop_with_many_sessions_is_quick(start_veredus):
    server = start_veredus()
    clients = [server.connect() for _ in range(200)]
    for client in clients:
        try:
            client.reply()
        except Gone:
            pass
    server.terminate()
    assert timed_end(server) < STOP_SECONDS_MAX
