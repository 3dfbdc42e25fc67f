"""The micro-benchmarks of the release build (*_bench.cc)."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from bench import Bench
from load import BenchError
from paths import RELEASE

SECONDS_EACH = 0.2
# What depends on where the two threads run, from one moment to the next: medians of so many, in turn.
REPETITIONS = {"mail_accept_bench": 9}
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
SECONDS = ((1, "s"), (1e-3, "ms"), (1e-6, "us"))

# Members of Google Benchmark's JSON that are not counters of ours.
STANDARD_MEMBERS = {
    "name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
    "threads", "iterations", "aggregate_name", "aggregate_unit", "real_time", "cpu_time", "time_unit", "items_per_second", "bytes_per_second", "label",
}
NANOSECONDS = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}


@dataclass
class MicroFigures:
    subject: str  # The folder: wire_smtp.
    name: str
    nanoseconds: float  # Of one iteration, on the clock the benchmark chose.
    items_per_second: float = 0
    octets_per_second: float = 0
    counters: dict[str, float] = field(default_factory=dict)


class Micro:
    name = "micro"
    says = "micro-benchmarks: parts of the program by themselves"
    figure = MicroFigures

    def measure(self, bench: Bench | None) -> list[MicroFigures]:
        found = []
        programs = sorted((RELEASE / "src").glob("*_bench"))
        if not programs:
            raise BenchError("there are no micro-benchmarks: `make bench` builds them")
        for program in programs:
            Bench.say(f"micro-benchmarks: {program.name}")
            found += run(program)
        return found

    def table(self, figures: list[MicroFigures]) -> list[list[str]]:
        rows = [["micro-benchmark", "", "time", "rate", "also"]]
        for run in figures:
            rate = _scaled(run.octets_per_second, "B/s") or _scaled(run.items_per_second, "/s")
            counters = ", ".join(f"{name} {value:,.4g}" for name, value in run.counters.items())
            rows.append([run.subject, run.name, _duration(run.nanoseconds), rate, counters])
        return rows


def run(program: Path, only: str = "") -> list[MicroFigures]:
    """All its benchmarks, or those whose names match `only`."""
    options = [f"--benchmark_min_time={SECONDS_EACH:g}"]
    options += [f"--benchmark_filter={only}"] if only else []
    if repetitions := REPETITIONS.get(program.name):
        options += [f"--benchmark_repetitions={repetitions}", "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run([program, "--benchmark_format=json", *options], capture_output=True, text=True, check=True)
    subject = program.name.removesuffix("_bench")
    wanted = "median" if repetitions else None
    # A failure is told by the single run, not by the median.
    return [_figures(subject, entry) for entry in json.loads(done.stdout)["benchmarks"]
            if entry.get("aggregate_name") == wanted or entry.get("error_occurred")]


def _figures(subject: str, entry: dict) -> MicroFigures:
    if entry.get("error_occurred"):
        raise BenchError(f"{subject}, {entry['name']}: {entry['error_message']}")
    clock = "real_time" if entry.get("run_name", entry["name"]).endswith("/real_time") else "cpu_time"
    return MicroFigures(
        subject, entry.get("run_name", entry["name"]).removesuffix("/real_time"), entry[clock] * NANOSECONDS[entry["time_unit"]],
        entry.get("items_per_second", 0), entry.get("bytes_per_second", 0),
        {key: value for key, value in entry.items() if key not in STANDARD_MEMBERS and isinstance(value, float | int)})


def _scaled(value: float, unit: str) -> str:
    if not value:
        return ""
    factor, prefix = next(((factor, prefix) for factor, prefix in PREFIXES if value >= factor), (1, ""))
    return f"{value / factor:.3g} {prefix}{unit}"


def _duration(nanoseconds: float) -> str:
    seconds = nanoseconds / 1e9
    factor, unit = next(((factor, unit) for factor, unit in SECONDS if seconds >= factor), (1e-9, "ns"))
    return f"{seconds / factor:.3g} {unit}"
