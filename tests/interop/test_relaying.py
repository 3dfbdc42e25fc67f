"""Who may send what, to whom, on which port: docs/relaying.md, cell by cell, over IPv4 and IPv6, and what
people try who look for an open relay."""

import re
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from conftest import REPOSITORY
from harness import mails
from harness.accounts import ANN, PASSWORD, TlsClient, add_account, unverified
from harness.raw_client import RawClient
from harness.waiting import free_port, wait_until

HOSTS = {"IPv4": "127.0.0.1", "IPv6": "::1"}
OURS, RELAYED, OTHERS = "you@example.test", "you@relayed.example", "you@far.example"
STRANGER, TRUSTED, ACCOUNT = "stranger", "in `relay.networks`", "logged in"

YES, NO, LOG_IN = 250, (550, "5.7.1"), (530, "5.7.0")
TABLE = {
    ("smtp", STRANGER): (YES, YES, NO),
    ("smtp", TRUSTED): (YES, YES, YES),
    ("smtp", ACCOUNT): (YES, YES, YES),
    ("submission", STRANGER): (LOG_IN, LOG_IN, LOG_IN),
    ("submission", TRUSTED): (LOG_IN, LOG_IN, LOG_IN),
    ("submission", ACCOUNT): (YES, YES, YES),
    ("submissions", STRANGER): (LOG_IN, LOG_IN, LOG_IN),
    ("submissions", TRUSTED): (LOG_IN, LOG_IN, LOG_IN),
    ("submissions", ACCOUNT): (YES, YES, YES),
}


@dataclass
class Ports:
    smtp: int
    submission: int
    submissions: int


@pytest.fixture
def site(start_veredus, next_hops):
    """site(trusts_us): a server with three ports on both addresses, an account, and a next hop for the rest."""
    def start(trusts_us: bool):
        hop = next_hops()
        ports = Ports(free_port(), free_port(), free_port())
        listen = [{"address": f"{'[::1]' if ':' in host else host}:{port}", "service": service}
                  for host in HOSTS.values() for service, port in vars(ports).items()]
        server = start_veredus(
            port=ports.smtp, smart_host=f"127.0.0.1:{hop.port}",
            relay_networks=["127.0.0.0/8", "::1/128"] if trusts_us else ["192.0.2.0/24", "2001:db8::/32"],
            more={"listen": listen, "relay": {"domains": ["relayed.example"]}, "submission": {"on_smtp": True},
                  "accept": {"errors_before_delay": 1000, "errors_max": 1000, "idle_commands_max": 10_000}})
        server.ports, server.hop = ports, hop
        add_account(server)
        return server
    return start


@contextmanager
def session(server, host: str, service: str, party: str):
    """After EHLO, under TLS, logged in where the party is an account."""
    port = getattr(server.ports, service)
    client = TlsClient(port, host) if service == "submissions" else RawClient(port, host)
    with client:
        client.greet()
        if service != "submissions":
            assert client.ask("STARTTLS").code == 220
            client.socket = unverified().wrap_socket(client.socket)
            client.ask("EHLO client.example")
        if party == ACCOUNT:
            reply = TlsClient.plain(client, ANN, PASSWORD)
            assert reply.code == 235, str(reply)
        yield client


def assert_is(reply, want) -> None:
    code, status = want if isinstance(want, tuple) else (want, "")
    assert reply.code == code and reply.text.startswith(status), f"{reply}, and not {want}"


@pytest.mark.parametrize("version", HOSTS)
@pytest.mark.parametrize("trusts_us", [False, True], ids=["by_strangers", "by_trusted"])
def test_every_cell(site, version, trusts_us):
    server = site(trusts_us)
    expected = []
    for (service, party), cells in TABLE.items():
        if party != ACCOUNT and (party == TRUSTED) != trusts_us:
            continue
        with session(server, HOSTS[version], service, party) as client:
            for recipient, want in zip((OURS, RELAYED, OTHERS), cells, strict=True):
                sender = client.ask(f"MAIL FROM:<{ANN}>")
                if want == LOG_IN:
                    assert_is(sender, LOG_IN)
                    assert client.ask(f"RCPT TO:<{recipient}>").code == 503
                    continue
                assert_is(sender, YES)
                reply = client.ask(f"RCPT TO:<{recipient}>")
                assert_is(reply, want)
                if want == YES:
                    assert client.ask("DATA").code == 354
                    client.send(b"From: ann@example.test\r\nSubject: x\r\n\r\nx\r\n.\r\n")
                    assert_is(client.reply(), YES)
                    expected.append(recipient)
                client.ask("RSET")
    server.wait_for_mails(expected.count(OURS))
    wanted = sorted(recipient for recipient in expected if recipient != OURS)
    wait_until(lambda: sorted(server.hop.recipients()) == wanted, 15, "all are relayed", server.hop.log_tail)


def test_the_table_in_the_documentation_is_this_one():
    rows = [[cell.strip() for cell in line.strip("|\n").split("|")]
            for line in (REPOSITORY / "docs/relaying.md").read_text().splitlines() if line.startswith("| s")]
    written = {}
    for port, client, *cells in rows:
        verdicts = tuple(YES if cell == "yes" else LOG_IN if "530" in cell or written_no(cells) else NO
                         for cell in cells)
        services = ["smtp"] if "25" in port else ["submission", "submissions"]
        parties = ([STRANGER, TRUSTED] if "anybody" in client else
                   [next(party for party in (STRANGER, TRUSTED, ACCOUNT) if party in client)])
        written |= {(service, party): verdicts for service in services for party in parties}
    assert written == TABLE


def written_no(cells: list[str]) -> bool:
    """A row that sends everybody to log in says so once."""
    return any("530" in cell for cell in cells)


# What is said to get through us to far.example, as a stranger, after MAIL FROM:<sender>.
TRICKS = [
    "<you@far.example>", "you@far.example", "< you@far.example >", "<you@[192.0.2.1]>", "<you@[IPv6:2001:db8::1]>",
    "<you%far.example@example.test>", "<you%far.example@mx.example.test>", "<you%far.example@[127.0.0.1]>",
    "<you%far.example>", "<far.example!you@example.test>", "<far.example!you>", "<mx.example.test!far.example!you>",
    '<"you@far.example"@example.test>', '<"you@far.example">', '<"you%far.example"@example.test>',
    "<you@far.example@example.test>", "<you@example.test@far.example>", "<@example.test:you@far.example>",
    "<@mx.example.test,@example.test:you@far.example>", "<@far.example:you@far.example>",
    "<@[127.0.0.1]:you@far.example>", "<you\\@far.example@example.test>", "<you@far.example,you@example.test>",
    "<you@far.example;>", "<you@far.example.>", "<you@far.example\0@example.test>",
    "<you@far.example>@example.test", "<example.test>you@far.example", "<you@far.example> <you@example.test>",
    "<you:far.example@example.test>", "<you@far.example#example.test>", "<you@far.example%00.example.test>",
    "<YOU@FAR.EXAMPLE>", "<you@xn--example.test.far.example>", "<you@example.test.far.example>",
    "<you@farexample.test>", "<you@sub.example.test>", "<you@sub.relayed.example>", "<postmaster@far.example>",
    "<you+far.example@far.example>", "you@far.example ORCPT=rfc822;you@example.test",
]
SENDERS = ["", ANN, "you@example.test", "postmaster@mx.example.test", "you@far.example", "root@[127.0.0.1]",
           "mailer-daemon@localhost"]


@pytest.mark.parametrize("version", HOSTS)
def test_old_tricks(site, version):
    """Whatever is refused, nothing of it may be taken; what names a mailbox of ours stays here."""
    server = site(trusts_us=False)
    with RawClient(server.ports.smtp, HOSTS[version]) as client:
        client.greet()
        replies = []
        for sender in SENDERS:
            for trick in TRICKS:
                assert client.ask(f"MAIL FROM:<{sender}>").code in (250, 550), f"{sender}, {replies[-3:]}"
                reply = client.ask(f"RCPT TO:{trick}")
                replies.append((trick, str(reply)))
                assert 500 <= reply.code < 560, f"{sender}, {trick}: {reply}"
                assert client.ask("DATA").code == 503
                client.ask("RSET")
    assert server.queue() == []
    assert server.hop.received == []


def test_a_name_that_the_client_gives_itself_is_no_right(site):
    server = site(trusts_us=False)
    for name in ("mx.example.test", "example.test", "localhost", "[127.0.0.1]", "[192.0.2.1]", "relayed.example"):
        with RawClient(server.ports.smtp) as client:
            client.greet(name)
            assert client.ask(f"MAIL FROM:<{ANN}> AUTH={ANN}").code == 250
            assert_is(client.ask(f"RCPT TO:<{OTHERS}>"), NO)


def test_a_source_route_to_us_is_stripped(site):
    server = site(trusts_us=False)
    server.send("me@client.example", "you@example.test", mails.mail("plain"))
    with RawClient(server.ports.smtp) as client:
        client.greet()
        assert client.ask("MAIL FROM:<@a.example,@b.example:me@client.example>").code == 250
        assert client.ask("RCPT TO:<@far.example:you@example.test>").code == 250
        assert client.ask("DATA").code == 354
        client.send(b"Subject: routed\r\n\r\nx\r\n.\r\n")
        assert client.reply().code == 250
    routed = next(mail for mail in server.wait_for_mails(2) if b"Subject: routed" in mail)
    assert re.match(rb"Return-Path: <me@client\.example>\r?\n", routed)
    assert server.hop.received == []
