"""Bounces and delay warnings as an independent reader sees them: Python's email package."""

import email
import email.policy
import re
from dataclasses import dataclass
from email.message import EmailMessage, Message

PER_MESSAGE = ("Reporting-MTA", "Arrival-Date")
PER_RECIPIENT = ("Final-Recipient", "Action", "Status", "Last-Attempt-Date")
DATES = ("Arrival-Date", "Last-Attempt-Date", "Will-Retry-Until")


@dataclass
class Notice:
    """A notice without fault: parse() is the only way to one."""

    whole: EmailMessage
    text: str  # For people.
    message: Message  # Of message/delivery-status, what is the same for all recipients.
    recipients: list[Message]
    returned: EmailMessage  # The third part.

    def recipient(self, address: str) -> Message:
        found = [fields for fields in self.recipients if fields["Final-Recipient"] == f"rfc822; {address}"]
        assert len(found) == 1, f"{address} in {[fields['Final-Recipient'] for fields in self.recipients]}"
        return found[0]

    def addresses(self) -> list[str]:
        return [fields["Final-Recipient"].removeprefix("rfc822; ") for fields in self.recipients]

    def words(self) -> str:
        """The text on one line, however it was wrapped."""
        return " ".join(self.text.split())


def is_notice(data: bytes) -> bool:
    return b"report-type=delivery-status" in data


def parse(data: bytes, hostname: str = "mx.example.test") -> Notice:
    """Fails with what is not as RFC 3464, 3834, 5322 and 6522 want it."""
    whole = email.message_from_bytes(data, policy=email.policy.default)
    _check_soundness(whole, data)
    _check_header(whole, hostname)
    parts = list(whole.iter_parts())
    assert len(parts) == 3, [part.get_content_type() for part in parts]
    words, status, returned = parts
    assert words.get_content_type() == "text/plain", words.get_content_type()
    assert status.get_content_type() == "message/delivery-status", status.get_content_type()
    message, *recipients = status.get_payload()
    _check_status(message, recipients, hostname)
    notice = Notice(whole, words.get_content(), message, recipients, returned)
    for address in notice.addresses():
        assert address in notice.text, f"{address} is not in the text:\n{notice.text}"
    return notice


def _check_soundness(whole: EmailMessage, data: bytes) -> None:
    for part in whole.walk():
        assert not part.defects, f"{part.get_content_type()}: {part.defects}"
        for name, value in part.items():
            faults = getattr(value, "defects", ())
            assert not faults, f"{name}: {value!r}: {faults}"
    assert max(map(len, data.splitlines())) <= 998


def _check_header(whole: EmailMessage, hostname: str) -> None:
    assert whole.get_content_type() == "multipart/report"
    assert whole["Content-Type"].params["report-type"] == "delivery-status"
    for name in ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Auto-Submitted", "Return-Path"):
        assert len(whole.get_all(name, [])) == 1, f"{name}: {whole.get_all(name)}"
    assert whole["Auto-Submitted"] == "auto-replied"
    assert whole["Return-Path"] == "<>"
    assert whole["MIME-Version"] == "1.0"
    assert whole["From"].addresses[0].addr_spec == f"MAILER-DAEMON@{hostname}"
    assert re.fullmatch(rf"<[^<>\s@]+@{re.escape(hostname)}>", str(whole["Message-ID"])), whole["Message-ID"]
    assert whole["Date"].datetime.tzinfo is not None


def _check_status(message: Message, recipients: list[Message], hostname: str) -> None:
    assert recipients
    for name in PER_MESSAGE:
        assert message[name], f"{name} is missing"
    assert message["Reporting-MTA"] == f"dns; {hostname}"
    for fields in recipients:
        for name in PER_RECIPIENT:
            assert fields[name], f"{name} is missing"
        assert fields["Action"] in ("failed", "delayed")
        assert re.fullmatch(r"[45]\.\d{1,3}\.\d{1,3}", fields["Status"]), fields["Status"]
    for fields in (message, *recipients):
        for name in DATES:
            assert not fields[name] or email.utils.parsedate_to_datetime(fields[name])
