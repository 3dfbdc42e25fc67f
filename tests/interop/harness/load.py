"""A load of many sessions that remembers, on its side of the wire, what was acknowledged."""

import itertools
import random
import threading

from . import mails
from .raw_client import Gone, RawClient

# The largest is over accept.memory_bytes_max: it streams to storage while it comes in.
SIZES, SIZE_WEIGHTS = (200, 4000, 60_000, 300_000, 3_000_000), (40, 50, 8, 2, 1)


class Load:
    """Sends until stopped, or until the server is gone. `acknowledged` has the token of each
    mail answered with 250, with its recipient; a mail cut off in the middle is in no list."""

    def __init__(self, port: int, recipients: list[str], sessions: int = 4, seed: int = 0):
        self.acknowledged: list[tuple[str, str]] = []
        self.refused: list[str] = []
        self._port, self._recipients, self._seed = port, recipients, seed
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._send, args=(number,), daemon=True) for number in range(sessions)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a load session hangs"

    def _send(self, number: int) -> None:
        sizes = random.Random(f"{self._seed}-{number}")
        recipients = itertools.cycle(self._recipients[number % len(self._recipients):] + self._recipients)
        try:
            with RawClient(self._port) as client:
                client.greet()
                while not self._stopping.is_set():
                    self._send_one(client, next(recipients), sizes.choices(SIZES, SIZE_WEIGHTS)[0])
        except (Gone, OSError):
            pass  # Killed under us: what it had not acknowledged it may lose.

    def _send_one(self, client: RawClient, recipient: str, size: int) -> None:
        token = mails.token()
        line = f"{token} " + "x" * 60 + "\r\n"
        message = mails.mail(f"load {token}", line * (size // len(line) + 1))
        reply = client.deliver("load@client.example", recipient, message)
        if reply.code == 250:
            self.acknowledged.append((token, recipient))
        else:
            self.refused.append(str(reply))
            client.ask("RSET")
