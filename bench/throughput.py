"""Works of which messages a second are told: how they are set up and measured, and their table."""

import statistics
from dataclasses import dataclass, replace

import measure
from bench import Bench
from load import Load, SmtpSink, SmtpSource
from measure import NO_SERVER, Run
from peer_paths import INSIDE_RUN, RUN
from server import FAR_RECIPIENT, LOCAL_RECIPIENT, Kind, Site
from server_postfix import NAME as POSTFIX

SINK, MAILDIR, HELD = "sink", "Maildir", "held"  # Where messages end.
OTHER_CORES_MAX = 0.15  # Above it a run was disturbed.
CHECKED_MESSAGES = 1000  # Of the run in which each of them is looked for.
KIB_PER_MIB = 1024


@dataclass(frozen=True)
class Throughput:
    """In by smtp-source, and from there to where messages end."""

    name: str
    says: str
    ends: str
    octets: int = 0  # 0: as the command line has it.
    keeps: bool = True
    share: float = 1  # Of the messages.
    figure: type = Run

    def measure(self, bench: Bench) -> list[Run]:
        kinds: list[Kind | None] = bench.able(self.name, self.site(next_hop_port=1))
        straight = [] if self.ends == MAILDIR else [None]
        runs = [self.timed(bench, kind) if kind else self._straight(bench) for kind in bench.turns(kinds + straight)]
        if bench.options.check and self.ends != HELD:
            runs += [self._checked(bench, kind) for kind in kinds]
        return runs

    def table(self, figures: list[Run]) -> list[list[str]]:
        return rate_table(figures)

    def site(self, next_hop_port: int, **settings: object) -> Site:
        return Site(next_hop_port=next_hop_port if self.ends == SINK else 0, maildir=self.ends == MAILDIR, **settings)

    def timed(self, bench: Bench, kind: Kind) -> Run:
        load = self._load(bench, kind)
        return bench.attempt(self._nothing(kind.name, load), lambda: self._run(bench, kind, load))

    def _run(self, bench: Bench, kind: Kind, load: Load) -> Run:
        with SmtpSink() as sink, bench.running(kind, self.site(sink.port)) as server:
            return self._to_the_end(server, sink, load)

    def _to_the_end(self, server, sink: SmtpSink, load: Load) -> Run:
        if self.ends == SINK:
            return measure.relay(self.name, server, sink, load, SmtpSource())
        if self.ends == MAILDIR:
            return measure.deliver(self.name, server, load, SmtpSource())
        return measure.accept(self.name, server, load, SmtpSource())

    def _straight(self, bench: Bench) -> Run:
        load = self._load(bench, None)

        def run() -> Run:
            with SmtpSink() as sink:
                return measure.straight(self.name, sink, load, SmtpSource())
        return bench.attempt(self._nothing(NO_SERVER, load), run)

    def _checked(self, bench: Bench, kind: Kind) -> Run:
        """Not timed: looks whether each message arrives, once."""
        load = self._load(bench, kind)
        load = replace(load, messages=min(load.messages, CHECKED_MESSAGES))
        run = self._nothing(kind.name, load)
        return bench.attempt(run, lambda: self._check(bench, kind, load, run))

    def _check(self, bench: Bench, kind: Kind, load: Load, run: Run) -> Run:
        folder = bench.new_folder("kept")
        folder.chmod(0o777)  # smtp-sink is nobody when it writes.
        with (SmtpSink("-D", f"{INSIDE_RUN}/{folder.relative_to(RUN)}/mails") as sink,
              bench.running(kind, self.site(sink.port)) as server):
            self._to_the_end(server, sink, load)
            kept = folder.glob("mails*") if self.ends == SINK else (server.maildir() / "new").iterdir()
            measure.check_each_once(list(kept), load.messages)
        return run

    def _load(self, bench: Bench, kind: Kind | None) -> Load:
        settings = {"octets": self.octets} if self.octets else {}
        load = bench.load(keeps=self.keeps, recipient=LOCAL_RECIPIENT if self.ends == MAILDIR else FAR_RECIPIENT,
                          **settings)
        messages = bench.share(load, kind, self.name) if kind else load.messages
        return bench.load(messages=max(1, int(messages * self.share)), keeps=self.keeps, recipient=load.recipient,
                          **settings)

    def _nothing(self, server: str, load: Load) -> Run:
        return Run(self.name, server, load.messages, load.octets)


WORKS = [
    Throughput("relay", "until the sink has the last message; sessions are kept open", SINK),
    Throughput("relay_reconnect", "as relay, but each message comes over a connection of its own", SINK, keeps=False),
    Throughput("accept", "until the last message is acknowledged; all then wait and are counted", HELD),
    Throughput("maildir", "until the last message is in a Maildir", MAILDIR),
    Throughput("relay_100k", "as relay, with messages of 100 KiB", SINK, octets=102_400, share=0.5),
]


def median(runs: list[Run], of: str) -> float:
    return statistics.median(getattr(run, of) for run in runs)


def timed_runs(runs: list[Run], server: str, variant: str = "") -> list[Run]:
    """None when one of them is worthless: then there is nothing to compare."""
    found = [run for run in runs if (run.server, run.variant) == (server, variant)]
    return [] if any(run.error for run in found) else [run for run in found if run.seconds]


def rate_table(runs: list[Run]) -> list[list[str]]:
    """Medians over the rounds, and each server's ratio to Postfix in the same rounds."""
    rows = [["server", "messages", "messages/s", "lowest - highest", "x Postfix", "CPU ms/message", "x Postfix",
             "disk flushes/message", "peak MiB", "other cores"]]
    postfix = timed_runs(runs, POSTFIX)
    for server in dict.fromkeys(run.server for run in runs):
        ours = timed_runs(runs, server)
        if not ours:
            rows.append([server, _first_error(runs, server), *[""] * (len(rows[0]) - 2)])
            continue
        rows.append([server, f"{ours[0].messages:,}", f"{median(ours, 'rate'):,.0f}", lowest_and_highest(ours),
                     ratio(ours, postfix, "rate"), *_used(ours, postfix), *_beside(ours)])
    return rows


def ratio(runs: list[Run], others: list[Run], of: str) -> str:
    if not others or runs[0].server == NO_SERVER:
        return ""
    return f"{median(runs, of) / median(others, of):.3g}"


def lowest_and_highest(runs: list[Run]) -> str:
    rates = [run.rate for run in runs]
    return f"{min(rates):,.0f} - {max(rates):,.0f}"


def other_cores(runs: list[Run]) -> str:
    return disturbed(median(runs, "other_cores"))


def disturbed(others: float) -> str:
    return f"{others:.2f}{' (!)' if others > OTHER_CORES_MAX else ''}"


def _used(runs: list[Run], postfix: list[Run]) -> list[str]:
    if runs[0].server == NO_SERVER:
        return ["", ""]
    return [f"{median(runs, 'cpu_ms'):.3f}", ratio(runs, postfix, "cpu_ms")]


def _beside(runs: list[Run]) -> list[str]:
    if runs[0].server == NO_SERVER:
        return ["", "", ""]
    flushes = "" if runs[0].flushes is None else f"{median(runs, 'flushes_each'):.2f}"
    return [flushes, f"{median(runs, 'memory_kib') / KIB_PER_MIB:,.0f}", other_cores(runs)]


def _first_error(runs: list[Run], server: str) -> str:
    return next(f"refused: {run.error}" for run in runs if run.server == server and run.error)
