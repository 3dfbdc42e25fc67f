"""Relaying by MX against a real name server: the right host, in the right order, or the right outcome."""

import collections

import pytest
from conftest import unavailable
from harness import mails
from harness.config import HOSTNAME
from harness.lying_dns import SLOW_SECONDS
from harness.waiting import free_port, has_ipv6, wait_until

HOSTS = {"host2": "127.0.0.2", "host3": "127.0.0.3", "host4": "127.0.0.4"}


class Mx:
    """A Veredus that relays by MX, and the hosts of the zone on loopback addresses."""

    def __init__(self, start_veredus, next_hops, server_address: str):
        self.port = free_port()
        self.hosts = {}
        self._next_hops = next_hops
        self.veredus = start_veredus(name_server=server_address, deliver_port=self.port, connect_deadline="2s",
                                     messages_per_connection_max=1)  # Each message draws its host.

    def open(self, *names: str, address: str | None = None) -> "Mx":
        for name in names:
            self.hosts[name] = self._next_hops(self.port, address or HOSTS[name])
        return self

    def send(self, recipient: str) -> None:
        self.veredus.send("me@client.example", recipient, mails.mail(f"to {recipient}"))

    def wait_for(self, host: str, recipient: str, seconds: float = 15) -> None:
        wait_until(lambda: recipient in self.hosts[host].recipients(), seconds, f"{recipient} at {host}",
                   lambda: str({name: hop.recipients() for name, hop in self.hosts.items()}))

    def assert_nowhere_but(self, host: str) -> None:
        others = {name: hop.recipients() for name, hop in self.hosts.items() if name != host and hop.recipients()}
        assert not others


@pytest.fixture
def mx(start_veredus, next_hops, name_server):
    return Mx(start_veredus, next_hops, name_server)


@pytest.fixture
def lying_mx(start_veredus, next_hops, lying_name_server):
    return Mx(start_veredus, next_hops, lying_name_server.server)


@pytest.mark.parametrize(("domain", "host"), [
    ("one.example", "host2"),
    ("preferences.example", "host2"),
    ("address-only.example", "host2"),
    ("mx-alias.example", "host2"),
    ("domain-alias.example", "host2"),
    ("unreachable.example", "host3"),
    ("some-address.example", "host3"),
])
def test_mail_goes_to_the_preferred_reachable_host(mx, domain, host):
    mx.open("host2", "host3", "host4").send(f"you@{domain}")
    mx.wait_for(host, f"you@{domain}")
    mx.assert_nowhere_but(host)
    mx.veredus.wait_for_empty_queue()
    assert not mx.hosts[host].violations


@pytest.mark.parametrize(("open_hosts", "host"), [(["host3", "host4"], "host3"), (["host4"], "host4")])
def test_preferences_are_tried_in_order(mx, open_hosts, host):
    mx.open(*open_hosts).send("you@preferences.example")
    mx.wait_for(host, "you@preferences.example")
    mx.assert_nowhere_but(host)


def test_equal_preferences_share_the_load(mx):
    """RFC 5321 §5.1: the sender MUST randomise among equals."""
    mx.open("host2", "host3", "host4")
    for number in range(60):
        mx.send(f"you{number}@equal.example")
    mx.veredus.wait_for_empty_queue()
    counts = collections.Counter({name: len(hop.recipients()) for name, hop in mx.hosts.items()})
    assert counts.total() == 60
    assert sum(1 for count in counts.values() if count) >= 2, counts


@pytest.mark.parametrize("domain", ["null.example", "gone.example", "text-only.example"])
def test_permanent_dns_answers_fail_visibly(mx, domain):
    """Null MX (RFC 7505 §3), no such domain, neither MX nor address: the sender is told."""
    recipient = f"you@{domain}"
    with mx.veredus.connect() as client:
        client.greet()
        reply = client.deliver("you@example.test", recipient, mails.mail("never"))
    if reply.code != 250:
        assert reply.code in (550, 556), str(reply)  # RFC 7505 §4.2 lets the server refuse at once.
        return
    assert "Status: 5." in mx.veredus.wait_for_bounce(recipient)
    mx.veredus.wait_for_empty_queue()


@pytest.mark.parametrize("domain", ["any.servfail.example", "dead.example"])
def test_temporary_failures_stay_in_the_queue(mx, domain):
    recipient = f"you@{domain}"
    mx.send(recipient)
    wait_until(lambda: mx.veredus.queue_shows(recipient, "deferred"), 20, f"{recipient} deferred in the queue",
               lambda: str(mx.veredus.queue()))


def test_host_that_comes_back_gets_the_mail(mx):
    mx.send("you@one.example")
    wait_until(lambda: mx.veredus.queue_shows("you@one.example", "deferred"), 15, "deferred",
               lambda: str(mx.veredus.queue()))
    mx.open("host2")
    mx.wait_for("host2", "you@one.example")
    mx.veredus.wait_for_empty_queue()


def test_servfail_that_heals_delivers(lying_mx, lying_name_server):
    lying_name_server.failures_left = 5
    lying_mx.open("host2").send("you@flaky.example")
    lying_mx.wait_for("host2", "you@flaky.example", seconds=40)
    assert lying_name_server.failures_left == 0


def test_slow_zone_delivers_and_delays_nobody(lying_mx):
    lying_mx.open("host2")
    for number in range(20):
        lying_mx.send(f"you{number}@slow.example")
    lying_mx.send("you@one.example")
    lying_mx.wait_for("host2", "you@one.example", seconds=SLOW_SECONDS - 0.5)
    lying_mx.wait_for("host2", "you19@slow.example", seconds=30)


def test_silent_name_server_delays_nobody(lying_mx):
    lying_mx.open("host2").send("you@silent.example")
    lying_mx.send("you@one.example")
    lying_mx.wait_for("host2", "you@one.example", seconds=5)
    assert lying_mx.veredus.queue_shows("you@silent.example")


def test_own_name_cuts_the_list(mx):
    """RFC 5321 §5.1: hosts of our own preference and worse must not be tried."""
    assert HOSTNAME == "mx.example.test"  # As the zone has it.
    mx.open("host3").send("you@us-in-between.example")
    wait_until(lambda: mx.veredus.queue_shows("you@us-in-between.example", "deferred"), 15, "deferred",
               lambda: str(mx.veredus.queue()))
    assert mx.hosts["host3"].recipients() == []


@pytest.mark.parametrize("domain", ["six.example", "six-address.example", "dual.example"])
def test_ipv6_hosts(mx, domain):
    if not has_ipv6():
        unavailable("this machine has no ::1")
    mx.open("six", address="::1").send(f"you@{domain}")
    mx.wait_for("six", f"you@{domain}")


def test_recipients_that_share_a_host_share_a_transaction(mx):
    mx.open("host2")
    recipients = [f"you{number}@one.example" for number in range(30)]
    with mx.veredus.connect() as client:
        client.greet()
        assert all(reply.code == 250 for reply in client.envelope("me@client.example", *recipients))
        client.ask("DATA")
        client.send(mails.mail("shared") + b".\r\n")
        assert client.reply().code == 250
    wait_until(lambda: len(mx.hosts["host2"].recipients()) == 30, 15, "30 recipients at host2")
    assert len(mx.hosts["host2"].received) == 1
