"""Time to 250 against load: messages begin at a fixed rate, a share of the most that the server accepts."""

import statistics
from dataclasses import dataclass

from bench import Bench
from load import BenchError, Load, OwnSource
from measure import Run, Watch, check_waiting
from server import Kind, Server, Site
from throughput import disturbed

SHARES = (10, 25, 50, 65, 80, 90, 95)  # Per cent of the maximum.
STEP_SECONDS = 4
REACHED_MIN = 0.97  # Of the rate that was asked for; with less the server, or the load, did not keep up.
LIMIT_MS = 20  # What p99 at 80 % is to stay below.
QUANTILES = {"p50_ms": "p50", "p90_ms": "p90", "p99_ms": "p99", "p999_ms": "p999", "max_ms": "max"}


@dataclass
class LatencyStep:
    server: str
    share: float  # Per cent of the maximum.
    messages: int
    wanted_rate: float
    rate: float
    p50_ms: float
    p90_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    other_cores: float  # As Run has it.


class Latency:
    name = "latency"
    says = ("time from when a message was due to its 250, where a new one is due at fixed intervals; the maximum is "
            f"what the same source gets accepted in {STEP_SECONDS} s when it does not wait; nothing is delivered")
    figure = LatencyStep

    def measure(self, bench: Bench) -> list[LatencyStep]:
        source = bench.own_source()
        found = []
        for kind in bench.turns(bench.able(self.name, Site())):
            most = self._maximum(bench, kind, source)
            bench.say(f"latency, {kind.name}: at most {most:,.0f} messages/s")
            found += [self._step(bench, kind, source, share, most) for share in SHARES]
        return found

    def table(self, figures: list[LatencyStep]) -> list[list[str]]:
        """Medians over the rounds, but for what the worst round tells: whether it kept up, its p99, the longest."""
        rows = [["server", "load", "messages/s", "kept up", "p50 ms", "p90 ms", "p99 ms", "p99 ms, worst round",
                 "p99.9 ms", "longest ms", "other cores"]]
        for server, share in dict.fromkeys((step.server, step.share) for step in figures):
            steps = [step for step in figures if (step.server, step.share) == (server, share)]
            reached = min(step.rate / step.wanted_rate for step in steps)
            times = [statistics.median(getattr(step, name) for step in steps) for name in QUANTILES]
            times.insert(list(QUANTILES).index("p99_ms") + 1, max(step.p99_ms for step in steps))
            times[-1] = max(step.max_ms for step in steps)
            rows.append([server, f"{share:g} %", f"{statistics.median(step.rate for step in steps):,.0f}",
                         "yes" if reached >= REACHED_MIN else f"no, {reached:.0%} (!)",
                         *(f"{time:,.2f}" for time in times),
                         disturbed(statistics.median(step.other_cores for step in steps))])
        return rows

    def _maximum(self, bench: Bench, kind: Kind, source: OwnSource) -> float:
        """As long as a step lasts: what is only reached for a moment is no load to keep up with."""
        load = bench.load()
        burst = self._most(bench, kind, source, bench.share(load, kind, self.name))
        return self._most(bench, kind, source, max(1, round(burst * STEP_SECONDS)))

    def _most(self, bench: Bench, kind: Kind, source: OwnSource, messages: int) -> float:
        with bench.running(kind, Site()) as server:
            return self._ask(server, source, bench.load(messages=messages))[0]["per_second"]

    def _step(self, bench: Bench, kind: Kind, source: OwnSource, share: float, most: float) -> LatencyStep:
        rate = most * share / 100
        load = bench.load(messages=max(1, round(rate * STEP_SECONDS)), rate=rate)
        with bench.running(kind, Site()) as server:
            report, run = self._ask(server, source, load)
        times = {name: report["latency_ms"][key] for name, key in QUANTILES.items()}
        return LatencyStep(kind.name, share, load.messages, rate, report["per_second"], **times,
                           other_cores=run.other_cores)

    def _ask(self, server: Server, source: OwnSource, load: Load) -> tuple[dict, Run]:
        with Watch(server, load) as watch, source.start(load, server.port) as running:
            running.wait(load.seconds_max + 10)
            watch.finished()
            if running.has_failed():
                raise BenchError(f"{source.name} failed against {server.name}\n{server.log_tail()}")
            report, run = running.report(), watch.run(self.name)
        check_waiting(server, load.messages)
        return report, run
