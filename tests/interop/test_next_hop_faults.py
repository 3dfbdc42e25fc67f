"""Next hops that answer too late or not at all, and name servers that are away: mail may arrive
twice, but is never lost, and the queue says what is wrong."""

import peer_nsd
import pytest
from harness import mails
from harness.next_hop import Script
from harness.waiting import free_port, wait_until

SENDER, FAR = "you@example.test", "them@far.example"


def subjects(hop) -> list[str]:
    return [mails.first_header(message.data, "Subject") for message in list(hop.received)]


@pytest.mark.parametrize(("when", "deadline"), [
    (".", "final_deadline"), ("DATA", "data_deadline"), ("RCPT", "command_deadline"), ("greeting", "greeting_deadline")])
def test_answer_after_the_deadline(start_veredus, next_hops, when, deadline):
    """It is tried again. Only the late answer to the whole message brings a second copy."""
    hop = next_hops(script=Script(delays={when: 1.6}))
    server = start_veredus(routes={"far.example": f"127.0.0.1:{hop.port}"},
                           more={"deliver": {deadline: "1s", "host_pause": "1s"}})
    server.send(SENDER, FAR, mails.mail("late"))
    wait_until(lambda: server.log_lines("event=delivery_deferred"), 20, "it is deferred")
    hop.script.delays.clear()
    server.wait_for_empty_queue()
    assert subjects(hop) == ["late"] * (2 if when == "." else 1)
    assert not server.mails()


@pytest.mark.parametrize("when", [".", ".before", "RCPT", "greeting"])
def test_cut_before_the_reply(start_veredus, next_hops, when):
    hop = next_hops(script=Script(cut_after=[when]))
    server = start_veredus(routes={"far.example": f"127.0.0.1:{hop.port}"}, more={"deliver": {"host_pause": "1s"}})
    server.send(SENDER, FAR, mails.mail("cut"))
    wait_until(lambda: server.log_lines("event=delivery_deferred"), 20, "it is deferred")
    server.wait_for_empty_queue()
    assert not hop.script.cut_after and subjects(hop) == ["cut"] * (2 if when == "." else 1)
    assert not server.mails()


def test_kill_between_delivery_and_record(start_veredus, next_hops):
    """Killed while the next hop has the mail and its reply is on the way: it goes again."""
    hop = next_hops(script=Script(delays={".": 3}))
    server = start_veredus(routes={"far.example": f"127.0.0.1:{hop.port}"})
    server.send(SENDER, FAR, mails.mail("twice"))
    wait_until(lambda: len(hop.received) == 1, 20, "the hop has it")
    server.kill()
    hop.script.delays.clear()
    server.start()
    server.wait_for_empty_queue()
    assert subjects(hop) == ["twice", "twice"]


def test_name_server_away_for_a_while(start_veredus, start_peer, next_hops):
    """Mail for a domain that cannot be looked up waits, with the reason; mail that needs no DNS does not."""
    names = start_peer(peer_nsd.make, peer_nsd.test_zones())
    names.stop()
    port = free_port()
    hop = next_hops(port, "127.0.0.2")
    server = start_veredus(name_server=f"127.0.0.1:{names.port}", deliver_port=port,
                           more={"dns": {"deadline": "2s"}, "deliver": {"host_pause": "1s"}})
    for number in range(5):
        server.send(SENDER, "you@one.example", mails.mail(f"needs DNS {number}"))
    server.send(SENDER, "you@missing.example", mails.mail("no such domain, but who knows"))
    server.send(SENDER, "other@example.test", mails.mail("needs none"))
    server.wait_for_mails(1, "other@example.test", seconds=5)
    wait_until(lambda: server.queue_shows("you@one.example", "deferred") and
               server.queue_shows("you@missing.example", "deferred"), 20, "they are deferred")
    said = server.command("queue", "why", "you@one.example", "--config", str(server.config)).stdout.decode()
    assert "4.4.3" in said and "one.example" in said, said
    assert not server.mails()
    names.start()
    wait_until(lambda: len(hop.received) == 5, 40, "all five arrive", server.log_tail)
    assert sorted(subjects(hop)) == [f"needs DNS {number}" for number in range(5)]
    assert "does not exist" in server.wait_for_bounce("you@missing.example", seconds=40)
    server.wait_for_empty_queue()
