"""Waiting for something, and ports to wait on."""

import random
import socket
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], seconds: float, what: str, explain: Callable[[], str] = str) -> None:
    """Returns when `condition()` is true; after `seconds` fails with `what` and what `explain()` says."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} s still not: {what}\n{explain()}")
        time.sleep(0.03)


def free_port() -> int:
    """A port that nobody listens on at any loopback address. It lies below the range that the
    kernel gives to outgoing connections, so it stays free until we listen on it."""
    while True:
        port = random.randint(12000, 31000)
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
                return port
            except OSError:
                continue


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
            return True
        except OSError:
            return False
