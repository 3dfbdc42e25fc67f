"""Bounces and delay warnings, read by Python's email package as any mail program of a sender would."""

import collections

import pytest
from harness import dsn, mails
from harness.config import Domain
from harness.dsn import Notice
from harness.next_hop import Script
from harness.waiting import free_port, wait_until

SENDER = "you@example.test"
FAR = "them@far.example"
KNOWN_AT_POSTFIX = {  # What is not in this map it refuses: 550 5.1.1.
    "virtual_mailbox_maps": "inline:{{you@far.example=mail/}, {me@far.example=mail/}}"}


def notices_in(maildir) -> list[Notice]:
    return [dsn.parse(data) for data in (path.read_bytes() for path in mails.maildir_files(maildir))
            if dsn.is_notice(data)]


def wait_for_notices(maildir, recipients: list[str], seconds: float = 20) -> list[Notice]:
    """The notices there, once they tell of these recipients: each of them, once, and no others."""
    def told() -> list[str]:
        return sorted(address for notice in notices_in(maildir) for address in notice.addresses())
    wait_until(lambda: len(told()) >= len(recipients), seconds, f"notices of {recipients} in {maildir}", lambda: str(told()))
    assert told() == sorted(recipients)
    return notices_in(maildir)


def send(server, recipients: list[str], message: bytes | None = None, sender: str = SENDER) -> None:
    with server.connect() as client:
        client.greet()
        assert all(reply.code == 250 for reply in client.envelope(sender, *recipients))
        assert client.ask("DATA").code == 354
        client.send((message or mails.mail("hello")).replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert client.reply().code == 250


def returned_text(notice: Notice) -> str:
    """The third part: a whole message, or its header."""
    inner = notice.returned.get_content()
    return inner if isinstance(inner, str) else inner.as_string()


@pytest.fixture
def refusing(start_veredus, next_hops):
    """refusing({recipient: reply}, more=..., ...): a Veredus whose far.example answers RCPT so, always."""
    def start(replies: dict[str, str], domain: str = "far.example", **settings):
        hop = next_hops(script=Script(recipient_replies={address: [reply] * 99 for address, reply in replies.items()}))
        server = start_veredus(routes={domain: f"127.0.0.1:{hop.port}"}, **settings)
        server.hop = hop
        return server
    return start


@pytest.mark.parametrize("sender", [SENDER, "me@far.example"])
def test_unknown_user_at_postfix(start_veredus, postfix, sender):
    """The notice arrives in a mailbox of ours, and at a sender's behind Postfix."""
    behind = postfix(None, KNOWN_AT_POSTFIX)
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    token = mails.token()
    send(server, ["stranger@far.example"], mails.mail(token), sender)
    maildir = server.maildir() if sender == SENDER else behind.folder / "mail"
    (notice,) = wait_for_notices(maildir, ["stranger@far.example"])
    assert notice.whole["To"].addresses[0].addr_spec == sender
    assert notice.whole["Subject"] == f"Undelivered mail: {token}"
    fields = notice.recipient("stranger@far.example")
    assert (fields["Action"], fields["Status"]) == ("failed", "5.1.1")
    assert fields["Remote-MTA"] == "dns; [127.0.0.1]"
    assert fields["Diagnostic-Code"].startswith("smtp; 550 5.1.1")
    assert "User unknown in virtual mailbox table" in fields["Diagnostic-Code"]
    for words in ("could not be delivered to the recipient named below", "There is no mailbox with this address",
                  "What you can do: Check the address for typing errors", "User unknown in virtual mailbox table"):
        assert words in notice.words()
    assert notice.returned.get_content_type() == "message/rfc822"
    returned = notice.returned.get_content()
    assert returned["Subject"] == token
    assert notice.whole["In-Reply-To"] == returned["Message-ID"] == notice.whole["References"]
    server.wait_for_empty_queue()


def test_unknown_users_at_dovecot(start_veredus, dovecot):
    """Two of three recipients fail at one LMTP server: one notice tells of both."""
    behind = dovecot(["you@lmtp.example"])
    server = start_veredus(domains=[Domain("example.test", ["you"]),
                                    Domain("lmtp.example", deliver=f"lmtp://127.0.0.1:{behind.port}")])
    strangers = ["one@lmtp.example", "two@lmtp.example"]
    send(server, ["you@lmtp.example", *strangers])
    (notice,) = wait_for_notices(server.maildir(), strangers)
    for stranger in strangers:
        fields = notice.recipient(stranger)
        assert (fields["Status"], fields["Remote-MTA"]) == ("5.1.1", "dns; [127.0.0.1]")
        assert "User doesn't exist" in fields["Diagnostic-Code"]
    assert "the recipients named below" in notice.words()
    wait_until(lambda: mails.maildir_files(behind.folder / "mail" / "you@lmtp.example"), 20, "the third has it")


@pytest.mark.parametrize(("domain", "status", "said"), [
    ("null.example", "5.1.10", "null MX"), ("missing.example", "5.1.2", "does not exist")])
def test_domains_without_mail(start_veredus, name_server, domain, status, said):
    server = start_veredus(name_server=name_server)
    send(server, [f"you@{domain}"])
    (notice,) = wait_for_notices(server.maildir(), [f"you@{domain}"])
    fields = notice.recipient(f"you@{domain}")
    assert fields["Status"] == status and fields["Remote-MTA"] is None
    assert fields["Diagnostic-Code"].startswith("x-veredus; ") and said in fields["Diagnostic-Code"]
    assert "Check the domain for typing errors" in notice.words()


@pytest.mark.parametrize("size", [40_000, 120_000])
def test_too_large_for_postfix(start_veredus, postfix, size):
    """A small message comes back whole, a large one as its header."""
    behind = postfix(None, {"message_size_limit": "30000"})
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    token = mails.token()
    message = mails.mail(token, (("x" * 70 + "\r\n") * (size // 72)) + "the end\r\n")
    send(server, [FAR], message)
    (notice,) = wait_for_notices(server.maildir(), [FAR])
    assert notice.recipient(FAR)["Status"] in ("5.3.4", "5.2.3")
    assert "larger than the recipient's mail system allows" in notice.words()
    assert "Make the attachments smaller" in notice.words()
    is_whole = size < 50_000
    assert notice.returned.get_content_type() == ("message/rfc822" if is_whole else "text/rfc822-headers")
    returned = returned_text(notice)
    assert f"Subject: {token}" in returned and ("the end" in returned) == is_whole and ("xxxx" in returned) == is_whole


def test_one_mail_different_fates(start_veredus, next_hops, postfix, name_server):
    """Delivered here, delivered there, refused there, no such domain, deferred: told of are two."""
    behind, later = postfix(None, KNOWN_AT_POSTFIX), free_port()
    server = start_veredus(name_server=name_server, routes={
        "far.example": f"127.0.0.1:{behind.port}", "later.example": f"127.0.0.1:{later}"})
    failing = ["stranger@far.example", "you@missing.example"]
    send(server, ["other@example.test", "you@far.example", "you@later.example", *failing])
    notices = wait_for_notices(server.maildir(), failing)
    by_status = {fields["Final-Recipient"]: fields["Status"] for notice in notices for fields in notice.recipients}
    assert by_status == {"rfc822; stranger@far.example": "5.1.1", "rfc822; you@missing.example": "5.1.2"}
    for notice in notices:
        for whole in ("other@example.test", "you@far.example", "you@later.example"):
            assert f"<{whole}>" not in notice.text and whole not in notice.whole.get_payload(1).as_string()
    server.wait_for_mails(1, "other@example.test")
    hop = next_hops(later)
    wait_until(lambda: hop.recipients() == ["you@later.example"], 20, "the deferred one arrives")
    server.wait_for_empty_queue()
    assert len(mails.find_in_maildir(behind.folder / "mail", "hello")) == 1


def test_alias_is_not_disclosed(refusing):
    server = refusing({"secret@far.example": "550 5.1.1 <secret@far.example>: no Secret@Far.Example here"},
                      domains=[Domain("example.test", ["you"], {"club": ["secret@far.example"]})])
    send(server, ["club@example.test"], sender=SENDER)
    (notice,) = wait_for_notices(server.maildir(), ["club@example.test"])
    assert b"secret" not in bytes(notice.whole).lower()
    fields = notice.recipient("club@example.test")
    assert fields["Remote-MTA"] is None
    assert fields["Diagnostic-Code"] == "smtp; 550 5.1.1 <club@example.test>: no club@example.test here"


REPLIES = {  # Local part: reply, Status, words that people read.
    "full": ("550 5.2.2 Over quota", "5.2.2", "mailbox is full"),
    "spam": ("554 5.7.1 Message identified as spam", "5.7.1", "It may have taken it for unwanted mail"),
    "block": ("554 5.7.1 Your IP is listed at dnsbl.example", "5.7.1", "on a list of senders of unwanted mail"),
    "dmarc": ("550 5.7.26 Unauthenticated mail from client.example", "5.7.26", "SPF, DKIM, DMARC or DNS entries"),
    "tls": ("530 5.7.10 Encryption needed", "5.7.10", "may travel on encrypted connections only"),
    "relay": ("550 5.7.1 Relaying denied", "5.7.1", "only from people who have logged in"),
    "loop": ("554 5.4.6 Too many hops", "5.4.6", "went round in a circle"),
    "lines": ("550-5.1.1 The account\r\n550-5.1.1 is not\r\n550 5.1.1 here", "5.1.1", "5.1.1 The account"),
    "bare": ("550 Go away", "5.0.0", "550 Go away"),
    "utf8": ("550 5.1.1 Benutzer «Grüße» unbekannt 用户", "5.1.1", "unbekannt"),
    "latin1": ("550 5.1.1 Benutzer Gr\udcfc\udcdfe", "5.1.1", "Benutzer Gr\\xFC\\xDFe"),
    "markup": ("550 5.1.1 --=_boundary Content-Type: text/html; <b>\tno</b>", "5.1.1", "--=_boundary Content-Type:"),
    "long": ("550 5.1.1 " + "very " * 90 + "long", "5.1.1", "very very very"),
    "enhanced": ("550 4.7.1 a code that contradicts itself", "", "a code that contradicts itself"),
}


def test_what_servers_say(refusing):
    """A status that programs know and words that people understand, whatever the reply looks like."""
    server = refusing({f"{name}@far.example": reply for name, (reply, _, _) in REPLIES.items()})
    with server.connect() as client:
        client.greet()
        for name in REPLIES:
            assert client.deliver(SENDER, f"{name}@far.example", mails.mail(f"to {name}")).code == 250
    notices = wait_for_notices(server.maildir(), [f"{name}@far.example" for name in REPLIES])
    for notice in notices:
        (address,) = notice.addresses()
        _, status, words = REPLIES[address.split("@")[0]]
        assert words in notice.words(), f"{address}:\n{notice.text}"
        assert "What you can do:" in notice.words()
        fields = notice.recipient(address)
        assert fields["Status"] == status or not status, address
        assert fields["Diagnostic-Code"].startswith("smtp; 550 ") or fields["Diagnostic-Code"][6:9] in ("554", "530")
        assert fields.as_string().isascii()


def test_own_reasons(refusing):
    server = refusing({FAR: "550 5.7.1 Greycat says no"}, more={"reason": [
        {"pattern": "greycat", "class": "refused_by_policy", "cause": "The cat at far.example does not know you.",
         "remedy": "Bring fish, as https://far.example/fish explains."}]})
    send(server, [FAR])
    (notice,) = wait_for_notices(server.maildir(), [FAR])
    assert "The cat at far.example does not know you. What you can do: Bring fish" in notice.words()


def test_original_with_utf8_and_without_headers(refusing):
    """What is odd about the message does not break its notice."""
    server = refusing({FAR: "550 5.1.1 unknown"})
    subject = "=?UTF-8?Q?Gr=C3=BC=C3=9Fe?= an alle"
    originals = [mails.mail(subject, "Grüße\r\n"), b"no header at all\r\n", b"Subject: \xfc\xff\r\n\r\n\xfc\x80\r\n",
                 b"X: " + b"y" * 3000 + b"\r\n\r\n" + b"z" * 3000 + b"\r\n", b"\r\n",
                 b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nnever closed\r\n"]
    for original in originals:
        send(server, [FAR], original)
    wait_until(lambda: len(server.mails()) == len(originals), 20, "a notice of each")
    faulty = (b"never closed", b"no header at all")  # What comes back has defects that are not ours.
    kept = [dsn.parse(data) for data in server.mails() if not any(text in data for text in faulty)]
    assert len(kept) == len(originals) - len(faulty)
    assert "Grüße an alle" in " ".join(notice.words() for notice in kept)
    assert "Undelivered mail: Grüße an alle" in [str(notice.whole["Subject"]) for notice in kept]


def test_double_bounce_goes_to_whom_is_named(refusing):
    ghost = "ghost@far.example"
    server = refusing({FAR: "550 5.1.1 unknown", ghost: "550 5.1.1 unknown too"},
                      more={"notice": {"double_bounce_to": "other@example.test"}})
    send(server, [FAR], mails.mail("from a ghost"), ghost)
    (notice,) = wait_for_notices(server.maildir("other@example.test"), [ghost])
    assert "A message without a sender" in notice.words() and "Nobody but you is told" in notice.words()
    inner = notice.returned.get_content()
    assert inner.get_content_type() == "multipart/report" and inner["To"].addresses[0].addr_spec == ghost
    server.wait_for_empty_queue()
    assert len(server.log_lines("event=notice_queued")) == 2


@pytest.mark.parametrize("sender", ["", "ghost@far.example"])
def test_no_bounce_of_a_bounce(refusing, sender):
    """Mail from the null sender, a bounce of ours or not, ends without another word."""
    server = refusing({FAR: "550 5.1.1 unknown", "ghost@far.example": "550 5.1.1 unknown too"})
    send(server, [FAR], sender=sender)
    wait_until(lambda: server.log_lines("event=notice_skipped"), 20, "nobody is told")
    server.wait_for_empty_queue()
    assert len(server.log_lines("event=notice_queued")) == (1 if sender else 0)
    assert not server.hop.received
    assert "the sender is null" in server.command("trace", sender and "ghost@far.example" or FAR, "--config",
                                                  str(server.config)).stdout.decode()


def test_two_servers_that_bounce_at_each_other(start_veredus):
    """Each passes on to the other for addresses that the other refuses, names the other as where
    double bounces go, and still both fall silent."""
    here_port, there_port = free_port(), free_port()
    def start(name: str, port: int, other: str, other_port: int):
        domain = Domain(f"{name}.test", ["box"], {"way": [f"ghost@{other}.test"]})
        return start_veredus(name, port, hostname=f"mx.{name}.test", domains=[domain],
                             routes={f"{other}.test": f"127.0.0.1:{other_port}"},
                             more={"notice": {"double_bounce_to": f"way@{other}.test"}})
    here = start("here", here_port, "there", there_port)
    there = start("there", there_port, "here", here_port)
    for number in range(3):
        here.send("way@there.test", "way@here.test", mails.mail(f"ping {number}"))
        there.send("way@here.test", "way@there.test", mails.mail(f"pong {number}"))
    wait_until(lambda: here.log_lines("event=notice_skipped") or there.log_lines("event=notice_skipped"), 20, "silence")
    for server in (here, there, here):
        server.wait_for_empty_queue()
    made = len(here.log_lines("event=notice_queued")) + len(there.log_lines("event=notice_queued"))
    assert 6 <= made <= 24, f"{made} notices of 6 mails"


def test_notices_to_one_address_are_paced(refusing):
    """A sender whose address is forged gets two notices a minute; others are not held up by that."""
    server = refusing({FAR: "550 5.1.1 unknown"}, more={"queue": {"notices_per_minute": 2}})
    for number in range(5):
        send(server, [FAR], mails.mail(f"forged {number}"))
    send(server, [FAR], sender="other@example.test")
    server.wait_for_mails(1, "other@example.test")
    server.wait_for_mails(2)
    wait_until(lambda: len(server.queue()) == 3, 20, "three notices wait", lambda: str(server.queue()))
    waiting = [entry["recipients"][0] for entry in server.queue()]
    assert all(entry["address"] == SENDER and "notices_per_minute" in entry["reply"] for entry in waiting)
    times = collections.Counter(entry["next_attempt"] for entry in waiting)
    assert len(times) == 3 and len(server.mails()) == 2
    done = server.command("queue", "retry", "--recipient", SENDER, "--config", str(server.config))
    assert done.returncode == 0, done.stderr
    server.wait_for_mails(5)
    wait_for_notices(server.maildir(), [FAR] * 5)


# Time that passes.

@pytest.fixture
def waiting_mail(start_veredus, clock):
    """A Veredus with one mail for somewhere that nobody listens, and its clock."""
    server = start_veredus(at=clock, routes={"far.example": f"127.0.0.1:{free_port()}"}, expire="6h",
                           more={"queue": {"delay_warning": "2h", "bounce_expire": "1h"}})
    server.clock = clock
    send(server, [FAR], mails.mail("waits"))
    wait_until(lambda: server.queue_shows(FAR, "deferred"), 20, "it is deferred")
    return server


def restart_later(server, hours: float) -> None:
    server.stop()
    server.clock.jump(hours=hours)
    server.start()


def test_delay_warning_then_expiry(waiting_mail):
    server = waiting_mail
    restart_later(server, 3)
    (warning,) = wait_for_notices(server.maildir(), [FAR])
    fields = warning.recipient(FAR)
    assert (fields["Action"], fields["Status"][0]) == ("delayed", "4")
    assert fields["Will-Retry-Until"] and "Cannot connect" in fields["Diagnostic-Code"]
    assert warning.whole["Subject"] == "Delayed mail: waits"
    assert "This is only a warning: you need not do anything" in warning.words()
    assert warning.returned.get_content_type() == "text/rfc822-headers"
    restart_later(server, 1)  # Warned once is enough.
    wait_until(lambda: len(server.log_lines("event=delivery_deferred")) >= 3, 20, "it is tried again")
    restart_later(server, 2.5)
    notices = wait_for_notices(server.maildir(), [FAR, FAR])
    (bounce,) = [notice for notice in notices if notice.recipient(FAR)["Action"] == "failed"]
    assert bounce.recipient(FAR)["Status"].startswith("4.4.")
    assert "We have tried for 6 hours and have given up now." in bounce.words()
    assert bounce.whole["Subject"] == "Undelivered mail: waits"
    assert "could not be reached" in bounce.words()
    server.wait_for_empty_queue()


@pytest.mark.parametrize("hours", [240, -240])
def test_clock_that_jumps_expires_nothing(waiting_mail, hours):
    """Somebody sets the clock while the server runs: mail is neither given up nor stranded."""
    server = waiting_mail
    before = len(server.log_lines("event=delivery_deferred"))
    server.clock.jump(hours=hours)
    wait_until(lambda: len(server.log_lines("event=delivery_deferred")) >= before + 2, 20, "it is tried again, twice")
    assert not server.mails() and server.queue_shows(FAR, "deferred")
    assert server.log_lines("event=clock_jumped")
