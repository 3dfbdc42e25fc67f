"""One thread and two: what a second reactor adds."""

from dataclasses import dataclass, replace

import server_veredus
from bench import Bench
from measure import Run
from server import Kind
from throughput import HELD, SINK, Throughput, lowest_and_highest, median, other_cores, timed_runs

THREADS = (1, 2)


@dataclass(frozen=True)
class Scaling:
    """Another work with `threads` set."""

    of: Throughput
    figure: type = Run

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def says(self) -> str:
        other = self.of.name.removeprefix("scaling_")
        return (f"as {other}, with `threads` set; generator and sink use the same cores, so that two threads never "
                "have two to themselves: cores used says how much they got")

    def measure(self, bench: Bench) -> list[Run]:
        ways = [(program, threads) for program in bench.programs for threads in THREADS]
        runs = []
        for program, threads in bench.turns(ways):
            variant = f"{threads} thread{'' if threads == 1 else 's'}"
            kind: Kind = server_veredus.kind(replace(program, threads=threads))
            runs.append(replace(self.of.timed(bench, kind), variant=variant))
        return runs

    def table(self, figures: list[Run]) -> list[list[str]]:
        """Each beside the same program with one thread."""
        rows = [["server", "threads", "messages/s", "lowest - highest", "x 1 thread", "CPU ms/message", "cores used",
                 "messages/s and core", "other cores"]]
        for server, variant in dict.fromkeys((run.server, run.variant) for run in figures):
            runs, one = timed_runs(figures, server, variant), timed_runs(figures, server, "1 thread")
            if not runs or not one:
                rows.append([server, variant, "refused: a run failed", *[""] * 6])
                continue
            rate, used = median(runs, "rate"), median(runs, "cpu_ms")
            rows.append([server, variant, f"{rate:,.0f}", lowest_and_highest(runs), f"{rate / median(one, 'rate'):.2f}",
                         f"{used:.3f}", f"{rate * used / 1000:.2f}", f"{1000 / used:,.0f}", other_cores(runs)])
        return rows


WORKS = [Scaling(Throughput("scaling_accept", "", HELD)), Scaling(Throughput("scaling_relay", "", SINK))]
