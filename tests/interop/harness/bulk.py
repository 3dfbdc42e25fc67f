"""Thousands of mails into Veredus, from the null sender, each to a recipient of its own, pipelined
over some connections."""

import threading

from .raw_client import Gone, RawClient

CONNECTIONS = 20  # They share the server's flushes.


def send_bulk(port: int, recipients: list[str], acknowledged: list[str] | None = None) -> list[str]:
    """Sends until done or until the server is gone. Adds to `acknowledged`, and returns, whose
    mail was answered with 250; all others may or may not be in the queue."""
    done = [] if acknowledged is None else acknowledged
    threads = [threading.Thread(target=_send, args=(port, recipients[start::CONNECTIONS], done))
               for start in range(min(CONNECTIONS, len(recipients)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done


def _send(port: int, recipients: list[str], acknowledged: list[str]) -> None:
    try:
        with RawClient(port) as client:
            client.greet()
            client.send(_envelope(recipients[0]))
            for number, recipient in enumerate(recipients):
                _send_one(client, recipient, recipients[number + 1:number + 2])
                acknowledged.append(recipient)
    except (Gone, OSError):
        pass  # Killed under us.


def _send_one(client: RawClient, recipient: str, following: list[str]) -> None:
    """DATA ends a group of pipelined commands (RFC 2920 §3.1), so a message goes out together with
    the envelope of the next."""
    assert [client.reply().code for _ in range(3)] == [250, 250, 354]
    message = f"To: <{recipient}>\r\nSubject: {recipient}\r\n\r\nHello\r\n.\r\n".encode()
    client.send(message + (_envelope(following[0]) if following else b""))
    assert client.reply().code == 250


def _envelope(recipient: str) -> bytes:
    return f"MAIL FROM:<>\r\nRCPT TO:<{recipient}>\r\nDATA\r\n".encode()
