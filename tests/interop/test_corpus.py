"""Every mail of the corpus: in by SMTP, out by relay to a second Veredus, into a Maildir."""

import pytest
from harness import corpus, mails
from harness.raw_client import RawClient
from harness.waiting import wait_until


def offer(client: RawClient, message: bytes, token: str):
    """One mail whose envelope sender names it, so that it is found again whatever its content."""
    reply = client.deliver(f"{token}@client.example", "you@example.test", message)
    if reply.code != 250:
        client.ask("RSET")
    return reply


def by_sender(stored: list[bytes]) -> dict[str, bytes]:
    return {mails.first_header(data, "Return-Path").strip("<>").split("@")[0]: data for data in stored}


@pytest.fixture
def two_servers(start_veredus):
    """A relay and the server behind it, which has the mailbox."""
    def start(**settings):
        last = start_veredus("last", **settings)
        first = start_veredus("first", domains=[], smart_host=last.address, **settings)
        return first, last
    return start


@pytest.mark.parametrize("suite", corpus.SUITES)
def test_every_mail_passes_two_servers_unchanged(two_servers, testdata, suite):
    first, last = two_servers()
    sent: dict[str, corpus.Mail] = {}
    with first.connect() as client:
        client.greet()
        for mail in corpus.mails(suite):
            token = mails.token()
            reply = offer(client, mail.data, token)
            if mail.has_bare_newline:
                assert reply.code // 100 == 5 and "bare" in reply.text.lower(), f"{mail.name}: {reply}"
                continue
            assert reply.code == 250, f"{mail.name}: {reply}"
            sent[token] = mail
    assert len(sent) >= 40
    last.wait_for_mails(len(sent), seconds=60)
    assert_unchanged(last, {token: (mail.name, mail.data) for token, mail in sent.items()})


def assert_unchanged(server, sent: dict[str, tuple[str, bytes]]) -> None:
    stored = by_sender(server.mails())
    assert set(stored) == set(sent)
    problems = [f"{name}: {problem}" for token, (name, data) in sent.items()
                if (problem := mails.below_trace(stored[token], data))]
    assert not problems, "\n".join(problems)


def test_bare_newlines_are_converted_where_tolerated(two_servers, testdata):
    first, last = two_servers(bare_newline="convert")
    wanted = [mail for suite in corpus.SUITES for mail in corpus.mails(suite) if mail.has_bare_newline]
    wanted += [corpus.Mail("bare CR", b"Subject: a\r\n\r\none\rtwo\r\n"),
               corpus.Mail("bare LF", b"Subject: a\r\n\r\none\ntwo\n\nthree\r\n"),
               corpus.Mail("LF nearly everywhere", b"Subject: a\n\none\n..two\r\n")]
    sent = {}
    with first.connect() as client:
        client.greet()
        for mail in wanted:
            token = mails.token()
            reply = offer(client, mail.data, token)
            assert reply.code == 250, f"{mail.name}: {reply}"
            sent[token] = (mail.name, mail.converted)
    last.wait_for_mails(len(sent))
    assert_unchanged(last, sent)


@pytest.mark.parametrize("ending", [b"\n.\n", b"\n.\r\n", b"\r\n.\n", b"\r.\r", b"\r\n.\r", b"\r.\r\n", b"\n.\r"])
@pytest.mark.parametrize("bare_newline", [None, "convert"], ids=["refused", "converted"])
def test_no_other_end_of_data_smuggles_a_second_mail(start_veredus, next_hops, ending, bare_newline):
    hop = next_hops()
    server = start_veredus(smart_host=f"127.0.0.1:{hop.port}", bare_newline=bare_newline)
    smuggled = (b"MAIL FROM:<evil@client.example>\r\nRCPT TO:<victim@far.example>\r\nDATA\r\n"
                b"Subject: evil\r\n\r\nevil\r\n")
    with server.connect() as client:
        client.greet()
        client.envelope("me@client.example", "you@far.example")
        client.ask("DATA")
        client.send(b"Subject: outer\r\n\r\nbody" + ending + smuggled + b".\r\n")
        reply = client.reply()
        assert reply.code == 250 if bare_newline else reply.code // 100 == 5, str(reply)
    if bare_newline:
        wait_until(lambda: hop.received, 15, "the outer mail")
        assert b"evil@client.example" in hop.received[0].data
    assert hop.recipients() in ([], ["you@far.example"])
    assert not hop.violations
