"""Tables of what was measured: for a terminal, for docs/performance.md, for programs."""

import dataclasses
import json
import statistics
from dataclasses import dataclass, field
from pathlib import Path

from idle import IdleFigures
from measure import LIMIT, Figures
from micro import MicroFigures
from servers import POSTFIX
from tls import PLAIN, HandshakeFigures, MessageFigures

BEGIN, END = "<!-- written by bench/run: begin -->", "<!-- written by bench/run: end -->"
OTHER_CORES_MAX = 0.15  # Above it a run was disturbed.
PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"))
SECONDS = ((1, "s"), (1e-3, "ms"), (1e-6, "us"))


@dataclass
class Results:
    conditions: dict[str, str]
    runs: list[Figures] = field(default_factory=list)
    idle: list[IdleFigures] = field(default_factory=list)
    handshakes: list[HandshakeFigures] = field(default_factory=list)
    messages: list[MessageFigures] = field(default_factory=list)
    micro: list[MicroFigures] = field(default_factory=list)

    def write_json(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self), indent=1) + "\n")

    def tables(self) -> list[list[list[str]]]:
        """Those that have anything in them; the first row of each is its head."""
        tables = [self.server_table(), self.idle_table(), self.message_table(), self.handshake_table(),
                  self.micro_table()]
        return [table for table in tables if len(table) > 1]

    def server_table(self) -> list[list[str]]:
        """Medians over the rounds, and each server's ratio to Postfix in the same rounds."""
        rows = [["work", "server", "messages/s", "lowest - highest", "x Postfix", "CPU ms/message", "x Postfix",
                 "other cores"]]
        for work, server in dict.fromkeys((run.work, run.server) for run in self.runs):
            runs, postfix = self._of(work, server), self._of(work, POSTFIX)
            rates = [run.messages_per_second for run in runs]
            rate, cpu = statistics.median(rates), _median_cpu(runs)
            row = [work, server, f"{rate:,.0f}", f"{min(rates):,.0f} - {max(rates):,.0f}"]
            if server == LIMIT or not postfix:
                rows.append([*row, "", f"{cpu:.3f}" if cpu else "", "", ""])
                continue
            postfix_rate = statistics.median(run.messages_per_second for run in postfix)
            others = statistics.median(run.other_cores for run in runs)
            rows.append([*row, f"{rate / postfix_rate:.2f}", f"{cpu:.3f}", f"{cpu / _median_cpu(postfix):.3f}",
                         f"{others:.2f}{' (!)' if others > OTHER_CORES_MAX else ''}"])
        return rows

    def idle_table(self) -> list[list[str]]:
        rows = [["idle sessions", "number", "KiB each (PSS)", "processes"]]
        return rows + [[run.server, f"{run.sessions:,}", f"{run.kib_per_session:,.1f}", str(run.processes)]
                       for run in self.idle]

    def message_table(self) -> list[list[str]]:
        """Each beside the same server without TLS."""
        rows = [["accept, by veredus send", "how", "messages/s", "x plain", "CPU ms/message", "x plain"]]
        for run in self.messages:
            plain = next(one for one in self.messages if (one.server, one.how) == (run.server, PLAIN))
            rows.append([run.server, run.how, f"{run.messages_per_second:,.0f}",
                         f"{run.messages_per_second / plain.messages_per_second:.2f}",
                         f"{run.cpu_ms_per_message:.3f}",
                         f"{run.cpu_ms_per_message / plain.cpu_ms_per_message:.2f}"])
        return rows

    def handshake_table(self) -> list[list[str]]:
        rows = [["TLS handshakes", "server", "kind", "a second", "CPU ms each", "one signature (openssl speed), ms",
                 "x"]]
        return rows + [[run.key, run.server, run.kind, f"{run.per_second:,.0f}", f"{run.cpu_ms:.3f}",
                        f"{run.signature_ms:.3f}", f"{run.cpu_ms / run.signature_ms:.1f}"] for run in self.handshakes]

    def micro_table(self) -> list[list[str]]:
        rows = [["micro-benchmark", "", "time", "rate", "also"]]
        for run in self.micro:
            rate = _scaled(run.octets_per_second, "B/s") or _scaled(run.items_per_second, "/s")
            counters = ", ".join(f"{name} {value:,.4g}" for name, value in run.counters.items())
            rows.append([run.subject, run.name, _duration(run.nanoseconds), rate, counters])
        return rows

    def _of(self, work: str, server: str) -> list[Figures]:
        return [run for run in self.runs if (run.work, run.server) == (work, server)]


def for_terminal(results: Results) -> str:
    lines = [f"{name}: {value}" for name, value in results.conditions.items()]
    for table in results.tables():
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines.append("")
        for row in table:
            lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return "\n".join(lines)


def for_document(results: Results) -> str:
    lines = ["| conditions | |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in results.conditions.items()]
    for table in results.tables():
        lines += ["", _markdown_row(table[0]), _markdown_row(["---"] * len(table[0]))]
        lines += [_markdown_row(row) for row in table[1:]]
    return "\n".join(lines)


def write_into(document: Path, results: Results) -> None:
    """Replaces what is between the markers; the prose around them stays."""
    text = document.read_text(encoding="utf-8")
    if BEGIN not in text or END not in text:
        raise ValueError(f"{document} has no lines {BEGIN} and {END}")
    before, after = text.split(BEGIN, 1)[0], text.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{for_document(results)}\n{END}{after}", encoding="utf-8")


def _median_cpu(runs: list[Figures]) -> float:
    return statistics.median(run.cpu_ms_per_message for run in runs)


def _markdown_row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _scaled(value: float, unit: str) -> str:
    if not value:
        return ""
    factor, prefix = next(((factor, prefix) for factor, prefix in PREFIXES if value >= factor), (1, ""))
    return f"{value / factor:.3g} {prefix}{unit}"


def _duration(nanoseconds: float) -> str:
    seconds = nanoseconds / 1e9
    factor, unit = next(((factor, unit) for factor, unit in SECONDS if seconds >= factor), (1e-9, "ns"))
    return f"{seconds / factor:.3g} {unit}"
