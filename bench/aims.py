"""What the server is to reach, beside what it reached: made from the figures that are kept.

Medians over the rounds, as in the tables; where one round was worse in a way that counts, it is told too.
"""

import statistics
import tomllib
from collections.abc import Callable
from dataclasses import dataclass

import latency
import relay_tls
import server_postfix
import server_veredus
from measure import NO_SERVER, Run
from paths import REPOSITORY
from throughput import median, timed_runs

CONNECTIONS_MIN = 1000  # "Thousands at once" begin here.
P99_SHARE = 80
QUEUE_INSTRUCTIONS = "message_through_queue/waiting:"


@dataclass
class Aim:
    work: str  # Whose figures it is judged by.
    says: str
    wanted: float
    found: Callable[[list], tuple[float, str]]  # The figure, and what else is to be known.
    is_limit: bool = False  # At most what is wanted; else at least.

    def row(self, figures: list) -> list[str]:
        try:
            found, more = self.found(figures)
        except (LookupError, ValueError):  # Nothing was kept, or not all of it.
            return [self.says, self._text(), "not measured", "", ""]
        is_met = found <= self.wanted if self.is_limit else found >= self.wanted
        return [self.says, self._text(), _number(found), "yes" if is_met else "**no**", more]

    def _text(self) -> str:
        return f"at {'most' if self.is_limit else 'least'} {_number(self.wanted)}"


def table(figures: dict[str, list]) -> list[list[str]]:
    rows = [["aim", "wanted", "measured", "met", "also"]]
    return rows + [aim.row(figures.get(aim.work, [])) for aim in AIMS]


def _number(value: float) -> str:
    return f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def _runs(figures: list[Run], server: str = server_veredus.NAME, variant: str = "") -> list[Run]:
    found = timed_runs(figures, server, variant)
    if not found:
        raise LookupError(server)
    return found


def _beside(of: str, other: str):
    """Ours to another's in the same rounds; the worst round too."""
    def found(figures: list[Run]) -> tuple[float, str]:
        ours, others = _runs(figures), _runs(figures, other)
        rounds = [getattr(our, of) / getattr(one, of) for our, one in zip(ours, others, strict=False)]
        return median(ours, of) / median(others, of), f"rounds: {min(rounds):.3g} - {max(rounds):.3g}"
    return found


def _over_plain(figures: list[Run]) -> tuple[float, str]:
    """CPU above plain, as a multiple of what OpenSSL takes for the same records and handshakes by itself."""
    more = (median(_runs(figures, variant=relay_tls.TLS), "cpu_ms")
            - median(_runs(figures, variant=relay_tls.PLAIN), "cpu_ms"))
    names = [name for name in relay_tls.RECORDS if "alone" in name] + [relay_tls.HANDSHAKES]
    own = sum(next(run.cpu_ms for run in figures if run.server == name) for name in names)
    return more / own, f"{more:.3f} ms a message; OpenSSL by itself, with warm caches, {own:.3f}"


def _p99(figures: list[latency.LatencyStep]) -> tuple[float, str]:
    steps = [step for step in figures if (step.server, step.share) == (server_veredus.NAME, P99_SHARE)]
    worst = max(step.p99_ms for step in steps)
    return statistics.median(step.p99_ms for step in steps), f"the worst round {worst:,.1f}"


def _idle(figures: list) -> tuple[float, str]:
    found = next((run for run in figures if run.server == server_veredus.NAME and not run.error), None)
    if found is None:
        raise LookupError("idle")
    return found.kib_per_session, f"{found.sessions:,} sessions"


def _connections(figures: list[Run]) -> tuple[float, str]:
    ours = _runs(figures)
    cores = median(ours, "rate") * median(ours, "cpu_ms") / 1000
    return (max(run.connections for run in ours),
            f"{median(ours, 'rate'):,.0f} messages/s; the server uses {cores:.2f} cores, generator and sink the rest")


def _second_reactor(figures: list) -> tuple[float, str]:
    def rate(way: str, reactors: int) -> float:
        name = f"{way}/reactors:{reactors}"
        return next(run for run in figures if run.name == name).counters["messages/s"]
    try:
        stored = rate("unflushed", 2) / rate("unflushed", 1)
        return rate("without_disk", 2) / rate("without_disk", 1), f"with storage behind, on two cores, {stored:.2f}"
    except StopIteration:
        raise LookupError("mail_accept") from None


def _growth(_figures: list) -> tuple[float, str]:
    """Of instructions, from an empty queue to the fullest that was counted."""
    accepted = tomllib.loads((REPOSITORY / "tools" / "instructions.toml").read_text())["mail_queue"]
    counts = [count for name, count in accepted.items() if name.startswith(QUEUE_INSTRUCTIONS)]
    return max(counts) / min(counts), "tools/instructions.toml; storage in memory"


_POSTFIX = server_postfix.NAME
AIMS = [
    Aim("relay", "relay, sessions kept: messages/s, times Postfix's", 8, _beside("rate", _POSTFIX)),
    Aim("relay", "the same: CPU a message, times Postfix's", 1 / 10, _beside("cpu_ms", _POSTFIX), is_limit=True),
    Aim("relay_reconnect", "relay, a connection a message: messages/s", 4, _beside("rate", _POSTFIX)),
    Aim("relay_reconnect", "the same: CPU", 1 / 6, _beside("cpu_ms", _POSTFIX), is_limit=True),
    Aim("accept", "accept: messages/s", 4, _beside("rate", _POSTFIX)),
    Aim("accept", "the same: CPU", 1 / 8, _beside("cpu_ms", _POSTFIX), is_limit=True),
    Aim("accept", "the same: messages/s, times smtp-sink's by itself", 0.75, _beside("rate", NO_SERVER)),
    Aim("maildir", "into a Maildir: messages/s", 4, _beside("rate", _POSTFIX)),
    Aim("relay_100k", "relay of 100 KiB: messages/s", 3, _beside("rate", _POSTFIX)),
    Aim("relay_tls", "CPU above plain, times OpenSSL's own for it", 1, _over_plain, is_limit=True),
    Aim("latency", f"p99 of the time to 250 at {P99_SHARE} %, ms", latency.LIMIT_MS, _p99, is_limit=True),
    Aim("idle", "memory of an idle session, KiB", 10, _idle, is_limit=True),
    Aim("idle_tls", "the same under TLS", 60, _idle, is_limit=True),
    Aim("fan_out", "connections at once to 1,000 slow destinations", CONNECTIONS_MIN, _connections),
    Aim("micro", "a second reactor, clients in memory: messages/s, times one's", 1.7, _second_reactor),
    Aim("micro", "instructions a message, fullest queue to empty", 1.1, _growth, is_limit=True),
]
