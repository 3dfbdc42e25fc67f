"""The plots of docs/performance/: throughput, CPU and latency, from the figures of the works."""

import math
import statistics

import charts
from charts import Axes, Bar, Line, Panel
from latency import LIMIT_MS, LatencyStep
from measure import NO_SERVER, Run
from server_postfix import NAME as POSTFIX
from throughput import median, timed_runs

TITLES = {
    "throughput": "Messages a second",
    "cpu": "CPU time a message",
    "latency": "Time to 250 against load",
    "latency_rate": "Time to 250 against messages a second",
}
COLOURS = {"Veredus": "#0072b2", "Postfix": "#e69f00", "Exim": "#009e73", "OpenSMTPD": "#b5547f", NO_SERVER: "#999999"}
OTHER_COLOUR = "#56b4e9"  # Another build of ours.


def all_plots(figures: dict[str, list]) -> dict[str, str]:
    """Name -> picture, of those works that are there."""
    runs = {work: found for work, found in figures.items() if found and isinstance(found[0], Run)}
    plots = {}
    if panels := _panels(runs, "rate", "{:,.0f}"):
        plots["throughput"] = charts.bar_chart(
            TITLES["throughput"], "More is better. Medians; each work has a scale of its own.", panels)
    if panels := _panels(runs, "cpu_ms", "{:.3f} ms"):
        plots["cpu"] = charts.bar_chart(
            TITLES["cpu"], "Less is better. All processes of the server; each work has a scale of its own.", panels)
    if "latency" in figures:
        steps: list[LatencyStep] = figures["latency"]
        shares = Axes("load, % of the most that the server itself accepts", "ms", 100, 10, LIMIT_MS)
        plots["latency"] = _latency("latency", shares, steps, "share")
        fastest = max(step.rate for step in steps)
        rates = Axes("messages a second", "ms", *_round_scale(fastest), LIMIT_MS)
        plots["latency_rate"] = _latency("latency_rate", rates, steps, "rate")
    return plots


def _panels(works: dict[str, list[Run]], of: str, form: str) -> list[Panel]:
    panels = []
    for work, runs in works.items():
        bars = [bar for key in dict.fromkeys((run.server, run.variant) for run in runs)
                if (bar := _bar(runs, key, of, form))]
        if bars:
            panels.append(Panel(work.replace("_", " "), bars))
    return panels


def _bar(runs: list[Run], key: tuple[str, str], of: str, form: str) -> Bar | None:
    """Nothing for a server that has no figure of the kind."""
    server, variant = key
    ours, postfix = timed_runs(runs, server, variant), timed_runs(runs, POSTFIX, variant)
    if not ours or not median(ours, of):
        return None
    value = median(ours, of)
    compared = postfix and server not in (POSTFIX, NO_SERVER)
    times = f"  ({value / median(postfix, of):.2g} x Postfix)" if compared else ""
    return Bar(f"{server}, {variant}" if variant else server, value, form.format(value) + times, colour(server))


def _latency(name: str, axes: Axes, steps: list[LatencyStep], across: str) -> str:
    """p99 and p50 of each server, medians over the rounds, against the figure `across` of its steps."""
    lines = []
    for server in dict.fromkeys(step.server for step in steps):
        for of, dashes in (("p99_ms", "none"), ("p50_ms", "5 4")):
            points = []
            for share in sorted({step.share for step in steps if step.server == server}):
                found = [step for step in steps if (step.server, step.share) == (server, share)]
                points.append((_middle(found, across), _middle(found, of)))
            lines.append(Line(f"{server} {of.removesuffix('_ms')}", points, colour(server), dashes))
    return charts.line_chart(TITLES[name], "Messages begin at a fixed rate, however the server does.", axes, lines)


def _middle(steps: list[LatencyStep], of: str) -> float:
    return statistics.median(getattr(step, of) for step in steps)


def _round_scale(most: float) -> tuple[float, float]:
    """The end of a scale that holds `most`, and the step of its marks: 1, 2 or 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(most / 5))
    step = next(power * times for times in (1, 2, 5, 10) if power * times * 8 >= most)
    return math.ceil(most / step) * step, step


def colour(server: str) -> str:
    return COLOURS.get(server, OTHER_COLOUR)
