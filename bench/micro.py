"""The micro-benchmarks of the release build (*_bench.cc), as one table."""

import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from paths import RELEASE

# Members of Google Benchmark's JSON that are not counters of ours.
STANDARD_MEMBERS = {
    "name", "family_index", "per_family_instance_index", "run_name", "run_type", "repetitions", "repetition_index",
    "threads", "iterations", "real_time", "cpu_time", "time_unit", "items_per_second", "bytes_per_second", "label",
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


def programs() -> list[Path]:
    return sorted((RELEASE / "src").glob("*_bench"))


def run(program: Path, seconds_each: float) -> list[MicroFigures]:
    done = subprocess.run([program, "--benchmark_format=json", f"--benchmark_min_time={seconds_each:g}"],
                          capture_output=True, text=True, check=True)
    subject = program.name.removesuffix("_bench")
    return [_figures(subject, entry) for entry in json.loads(done.stdout)["benchmarks"]]


def _figures(subject: str, entry: dict) -> MicroFigures:
    clock = "real_time" if entry["name"].endswith("/real_time") else "cpu_time"
    return MicroFigures(
        subject, entry["name"].removesuffix("/real_time"), entry[clock] * NANOSECONDS[entry["time_unit"]],
        entry.get("items_per_second", 0), entry.get("bytes_per_second", 0),
        {key: value for key, value in entry.items() if key not in STANDARD_MEMBERS and isinstance(value, float | int)})
