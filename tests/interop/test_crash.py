"""kill -9 under load, again and again on one storage: nothing acknowledged is missing."""

import random
import subprocess
import time

import peer_postfix
from harness import mails
from harness.load import Load
from harness.waiting import wait_until
from peer_daemon import inside

ROUNDS = 24
SEED = 20260105
RECIPIENTS = ["you@example.test", "far@far.example", "other@example.test"]


def smtp_source(port: int, recipient: str) -> subprocess.Popen:
    """More load, of mails that nobody counts."""
    command = inside("/usr/sbin/smtp-source", "-d", "-s", "10", "-m", "100000", "-l", "4096",
                     "-f", "bulk@client.example", "-t", recipient, f"127.0.0.1:{port}")
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def run_load(server, recipients: list[str], seconds: float, seed: int) -> list[tuple[str, str]]:
    """Load for so long, then kill -9 in the middle of it. Returns what was acknowledged."""
    source = smtp_source(server.port, recipients[seed % len(recipients)])
    load = Load(server.port, recipients, sessions=4, seed=seed)
    try:
        wait_until(lambda: load.acknowledged, 15, "anything acknowledged")
        time.sleep(seconds)
        server.kill()
        load.stop()
    finally:
        source.kill()
        source.wait()
    return load.acknowledged


def subjects(stored: list[bytes]) -> set[str]:
    return {mails.first_header(data, "Subject") for data in stored}


def test_nothing_acknowledged_is_lost(start_veredus, next_hops, peer_root_ready):
    hop = next_hops()
    server = start_veredus(smart_host=f"127.0.0.1:{hop.port}")
    chance = random.Random(SEED)
    acknowledged: list[tuple[str, str]] = []
    for number in range(ROUNDS):
        acknowledged += run_load(server, RECIPIENTS, chance.uniform(0.05, 0.5), number)
        server.start()
    server.wait_for_empty_queue(seconds=120)
    arrived = {"far@far.example": subjects([message.data for message in hop.received])}
    for mailbox in ("you@example.test", "other@example.test"):
        arrived[mailbox] = subjects(server.mails(mailbox))
    missing = [token for token, recipient in acknowledged if f"load {token}" not in arrived[recipient]]
    assert len(acknowledged) > 4 * ROUNDS
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged mails are missing: {missing[:5]}"


def test_queue_survives_a_kill_while_the_next_hop_is_away(start_veredus, next_hops):
    hop = next_hops()
    port = hop.port
    hop.stop()
    server = start_veredus(smart_host=f"127.0.0.1:{port}")
    tokens = [mails.token() for _ in range(50)]
    for token in tokens:
        server.send("me@client.example", "far@far.example", mails.mail(token))
    server.kill()
    back = next_hops(port)
    server.start()
    wait_until(lambda: len({mails.first_header(m.data, "Subject") for m in list(back.received)} & set(tokens)) == 50,
               40, "all 50 mails at the next hop", lambda: f"{len(back.received)} are")
    server.wait_for_empty_queue()


def test_smtp_source_alone_through_a_kill(start_veredus, peer_root_ready):
    """The storage is sound afterwards: it starts, takes mail and delivers it."""
    server = start_veredus()
    source = smtp_source(server.port, "you@example.test")
    wait_until(lambda: server.mails(), 15, "the first mail delivered")
    server.kill()
    source.kill()
    source.wait()
    server.start()
    done = peer_postfix.smtp_source("-m", "10", "-t", "other@example.test", f"127.0.0.1:{server.port}")
    assert done.returncode == 0, done.stdout
    server.wait_for_mails(10, "other@example.test")
