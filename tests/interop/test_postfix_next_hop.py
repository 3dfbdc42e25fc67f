"""Postfix and Exim as next hops that are not always willing: whatever they put off arrives in the
end, once; what they refuse for good comes back as a bounce."""

import collections
import time

import pytest
from harness import dsn, mails
from harness.policy_service import PolicyService
from harness.waiting import free_port, wait_until

SENDER = "you@example.test"
PUT_OFF = "DEFER_IF_PERMIT 4.2.0 Greylisted, come back later"


@pytest.fixture
def policy_services():
    """policy_services(decide): a program for Postfix to ask."""
    started: list[PolicyService] = []

    def start(decide) -> PolicyService:
        started.append(PolicyService(free_port(), decide))
        return started[-1]

    yield start
    for service in started:
        service.stop()


def send_many(server, recipients: list[str]) -> None:
    """One mail to each, whose subject is the recipient."""
    with server.connect() as client:
        client.greet()
        for recipient in recipients:
            assert client.deliver(SENDER, recipient, mails.mail(recipient)).code == 250


def assert_each_once(maildir, recipients: list[str], seconds: float = 40) -> None:
    wait_until(lambda: len(mails.maildir_files(maildir)) >= len(recipients), seconds,
               f"{len(recipients)} mails in {maildir}", lambda: f"{len(mails.maildir_files(maildir))} are")
    subjects = [mails.first_header(path.read_bytes(), "Subject") for path in mails.maildir_files(maildir)]
    assert sorted(subjects) == sorted(recipients)


def many(count: int) -> list[str]:
    return [f"user{number}@far.example" for number in range(count)]


def test_greylisting(start_veredus, postfix, policy_services):
    """Each pair of sender and recipient has to wait, and asking sooner does not help."""
    first_seen: dict[tuple[str, str], float] = {}
    def decide(request: dict[str, str]) -> str:
        seen = first_seen.setdefault((request["sender"], request["recipient"]), time.monotonic())
        return "DUNNO" if time.monotonic() - seen >= 1.5 else PUT_OFF
    service = policy_services(decide)
    behind = postfix(None, {"smtpd_recipient_restrictions": service.restriction})
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    recipients = many(15)
    send_many(server, recipients)
    wait_until(lambda: server.queue_shows("Greylisted, come back later"), 10, "the queue says why")
    assert_each_once(behind.folder / "mail", recipients)
    server.wait_for_empty_queue()
    assert len(recipients) <= service.turned_down <= 5 * len(recipients)
    assert not server.mails()


def test_one_mail_greylisted_for_some(start_veredus, postfix, policy_services):
    """Of ten recipients in one transaction five are put off: the others have it at once, all once."""
    asked = collections.Counter()
    def decide(request: dict[str, str]) -> str:
        asked[request["recipient"]] += 1
        return PUT_OFF if request["recipient"].startswith("late") and asked[request["recipient"]] == 1 else "DUNNO"
    behind = postfix(None, {"smtpd_recipient_restrictions": policy_services(decide).restriction})
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    recipients = [f"{kind}{number}@far.example" for number in range(5) for kind in ("soon", "late")]
    with server.connect() as client:
        client.greet()
        client.envelope(SENDER, *recipients)
        client.ask("DATA")
        client.send(mails.mail("to ten").replace(b"\r\n.", b"\r\n..") + b".\r\n")
        assert client.reply().code == 250
    server.wait_for_empty_queue()
    def delivered() -> list[str]:
        log = (behind.folder / "postfix.log").read_text()
        return [line.split("to=<")[1].split(">")[0] for line in log.splitlines() if "status=sent" in line]
    wait_until(lambda: len(delivered()) >= 10, 20, "all ten delivered behind", behind.log_tail)
    assert sorted(delivered()) == sorted(recipients)
    assert all(asked[recipient] == (2 if recipient.startswith("late") else 1) for recipient in recipients)


def test_4yz_and_5yz(start_veredus, postfix, policy_services):
    """By the recipient's name: taken, refused for good, or put off until the trouble is over."""
    trouble = [True]
    def decide(request: dict[str, str]) -> str:
        kind = request["recipient"][:5]
        if kind == "never":
            return "550 5.7.1 This mailbox takes no mail from you"
        return "450 4.2.1 Mailbox busy" if kind == "later" and trouble[0] else "DUNNO"
    behind = postfix(None, {"smtpd_recipient_restrictions": policy_services(decide).restriction})
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    groups = {kind: [f"{kind}{number}@far.example" for number in range(10)] for kind in ("soon", "never", "later")}
    send_many(server, [recipient for group in zip(*groups.values(), strict=True) for recipient in group])
    assert_each_once(behind.folder / "mail", groups["soon"])
    server.wait_for_mails(len(groups["never"]))
    told = [dsn.parse(data) for data in server.mails()]
    assert sorted(address for notice in told for address in notice.addresses()) == sorted(groups["never"])
    assert all(notice.recipients[0]["Status"] == "5.7.1" for notice in told)
    waiting = {recipient["address"] for entry in server.queue() for recipient in entry["recipients"]}
    assert waiting == set(groups["later"])
    trouble[0] = False
    assert_each_once(behind.folder / "mail", groups["soon"] + groups["later"])
    server.wait_for_empty_queue()
    assert len(server.mails()) == len(groups["never"])


def test_connection_limit(start_veredus, postfix):
    """Postfix takes two connections and says 421 to more: all goes through the two, without long pauses."""
    behind = postfix(None, {"smtpd_client_connection_count_limit": "2", "smtpd_client_event_limit_exceptions": ""})
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"}, more={"queue": {"workers_start": 10}})
    recipients = many(25)
    send_many(server, recipients)
    assert_each_once(behind.folder / "mail", recipients)
    server.wait_for_empty_queue()
    turned_away = [line for line in server.log_lines("too many connections from 127.0.0.1") if "connect_failed" in line]
    assert 1 <= len(turned_away) <= len(recipients), f"{len(turned_away)} connections were turned away"
    assert not server.mails()


def test_exim_that_defers_and_refuses(start_veredus, exim):
    """Exim's own words for the same: a recipient verified by a lookup that fails for the time being."""
    behind = exim(recipients="""\
  deny local_parts = ^never
       message = Unrouteable address
  defer local_parts = ^later
       condition = ${if exists{{here}/open}{no}{yes}}
       message = Could not complete recipient verify callout""")
    server = start_veredus(routes={"far.example": f"127.0.0.1:{behind.port}"})
    groups = {kind: [f"{kind}{number}@far.example" for number in range(5)] for kind in ("soon", "never", "later")}
    send_many(server, [recipient for group in groups.values() for recipient in group])
    assert_each_once(behind.folder / "mail", groups["soon"])
    server.wait_for_mails(len(groups["never"]))
    assert all("There is no mailbox with this address" in dsn.parse(data).words() for data in server.mails())
    assert len(server.queue()) == len(groups["later"])
    (behind.folder / "open").touch()
    assert_each_once(behind.folder / "mail", groups["soon"] + groups["later"])
    server.wait_for_empty_queue()
