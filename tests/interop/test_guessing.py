"""A thousand wrong passwords: hardly any is judged, and who knows the right one gets in all the while."""

import itertools
import math
import time

import pytest
from harness.accounts import ANN, PASSWORD, TlsClient, add_account
from harness.waiting import free_port, wait_until

GUESSES = 1000
FREE = 5  # accounts.failures_free
PER_SESSION = 5  # More errors in one session are answered late.
BOB = "bob@example.test"


def guess(server, sources: list[str], account: str, meanwhile) -> tuple[int, float]:
    """GUESSES wrong passwords from the sources in turn; how many were judged, in how many seconds. After each
    hundredth `meanwhile` is called."""
    judged, started = 0, time.monotonic()
    for session in range(GUESSES // PER_SESSION):
        with TlsClient(server.submissions_port, source=sources[session % len(sources)]) as client:
            client.greet()
            for number in range(PER_SESSION):
                reply = client.plain(account, f"guess {session} {number}")
                assert reply.code in (454, 535), str(reply)
                judged += reply.code == 535
        if session % (100 // PER_SESSION) == 0:
            meanwhile()
    return judged, time.monotonic() - started


def judged_max(seconds: float) -> int:
    """What comes through: the free ones, then one after 1 s, 2 s, 4 s, ..."""
    return FREE + 1 + math.ceil(math.log2(seconds + 1))


def assert_gets_in(server, account: str, source: str) -> None:
    with TlsClient(server.submissions_port, source=source) as client:
        client.greet()
        reply = client.plain(account, PASSWORD)
        assert reply.code == 235, str(reply)


@pytest.mark.parametrize("sources", [["127.0.0.66"], [f"127.1.{i}.{j}" for i in range(20) for j in range(1, 11)]],
                         ids=["one_address", "200_addresses"])
def test_a_thousand_guesses(submission, sources):
    server = submission()
    add_account(server, BOB)
    assert_gets_in(server, ANN, "127.0.0.1")

    def honest_users() -> None:
        assert_gets_in(server, ANN, "127.0.0.1")  # From where she was before.
        assert_gets_in(server, BOB, "127.0.0.77")  # From somewhere new.

    judged, seconds = guess(server, sources, ANN, honest_users)
    assert 1 <= judged <= judged_max(seconds), f"{judged} of {GUESSES} were judged in {seconds:.1f} s"
    assert len(server.log_lines("event=auth_failed")) >= judged
    assert not [line for line in server.log_lines("") if "guess " in line], "a password in the log"


def test_many_accounts_from_one_address(submission):
    """One password tried on everybody: the address is what has to wait."""
    server = submission()
    judged = 0
    for number in range(0, 100, PER_SESSION):
        with TlsClient(server.submissions_port, source="127.0.0.66") as client:
            client.greet()
            judged += sum(client.plain(f"user{number + i}@example.test", "123456").code == 535
                          for i in range(PER_SESSION))
    assert judged <= judged_max(20)
    assert_gets_in(server, ANN, "127.0.0.77")


def test_nothing_tells_who_has_an_account(submission):
    server = submission()
    replies = set()
    for source, account in (("127.0.0.66", ANN), ("127.0.0.67", "nobody@example.test"), ("127.0.0.68", "a@far.example")):
        with TlsClient(server.submissions_port, source=source) as client:
            client.greet()
            replies |= {str(client.plain(account, "wrong")) for _ in range(FREE)}
    assert len(replies) == 1, replies
    wait_until(lambda: len(server.log_lines("event=auth_failed")) == 3 * FREE, 5, "the log tells them apart", server.log_tail)
    assert len(server.log_lines("reason=wrong_password")) == FREE


def test_an_ipv6_network_of_64_bits_is_one_guesser(own_network, start_veredus):
    """Who has one address has all of its /64."""
    port = free_port()
    server = start_veredus(more={"listen": [
        {"address": f"127.0.0.1:{port}"}, {"address": f"[::1]:{port}", "service": "submissions"}]}, port=port)
    add_account(server)

    numbers = itertools.count()

    def judged_of(sources: list[str]) -> int:
        """Of PER_SESSION guesses from each, each at an account of its own."""
        judged = 0
        for source in sources:
            with TlsClient(port, "::1", source) as client:
                client.greet()
                judged += sum(client.plain(f"user{next(numbers)}@example.test", "123456").code == 535
                              for _ in range(PER_SESSION))
        return judged

    started = time.monotonic()
    judged = judged_of([f"2001:db8:0:1::{host:x}" for host in range(1, 21)])
    assert FREE <= judged <= judged_max(time.monotonic() - started)
    assert judged_of([f"2001:db8:0:{network:x}::1" for network in range(2, 12)]) == 10 * PER_SESSION
    with TlsClient(port, "::1", "2001:db8:0:99::1") as client:
        client.greet()
        assert client.plain(ANN, PASSWORD).code == 235
    assert any(" client=2001:db8:0:1::14 " in line for line in server.log_lines("event=auth_"))
