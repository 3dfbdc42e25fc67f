"""Whether our own source and sink flatter anybody: the same work by them and by Postfix's."""

import statistics
from dataclasses import dataclass, replace

import measure
from bench import Bench
from load import OWN_SINK_TIMES, Load, OwnSink, OwnSource, SmtpSink, SmtpSource
from measure import Run
from server import Kind, Site

RELAY, ACCEPT = "relay", "accept"


@dataclass
class LoadFigures:
    work: str
    server: str
    source: str
    sink: str
    messages: int
    seconds: float
    cpu_seconds: float  # Of the server.


class LoadCheck:
    name = "load_check"
    says = ("relay, accept and no server at all, by either source into either sink; sessions are kept open. "
            "smtp-source waits for the reply to each command, our own sends them together unless it is told not to")
    figure = LoadFigures

    def measure(self, bench: Bench) -> list[LoadFigures]:
        own = bench.own_load()
        sources = [SmtpSource(), OwnSource(own, pipelining=False), OwnSource(own)]
        pairs = [(source, sink) for source in sources for sink in (SmtpSink, lambda: OwnSink(own))]
        found = []
        for source, make_sink in bench.turns(pairs):
            with make_sink() as sink:
                run = measure.straight(self.name, sink, self._load(bench), source)
            found.append(self._figures(run, RELAY, source, sink))
            for kind in bench.able(self.name, Site(next_hop_port=1)):
                found.append(self._relay(bench, kind, source, make_sink))
        for source in bench.turns(sources):
            found += [self._accept(bench, kind, source) for kind in bench.able(self.name, Site())]
        return found

    def table(self, figures: list[LoadFigures]) -> list[list[str]]:
        """Medians over the rounds, beside smtp-source and smtp-sink."""
        rows = [["work", "server", "source", "sink", "messages/s", "x smtp-source, smtp-sink", "CPU ms/message"]]
        first: dict[tuple[str, str], float] = {}
        for key in sorted({(one.work, one.server, one.source, one.sink) for one in figures},
                          key=lambda key: (key[0] != RELAY, key[1], key[2] != SmtpSource.name, key[3] == OwnSink.name)):
            runs = [one for one in figures if (one.work, one.server, one.source, one.sink) == key]
            rate = statistics.median(one.messages / one.seconds for one in runs)
            used = statistics.median(one.cpu_seconds * 1000 / one.messages for one in runs)
            compared = first.setdefault(key[:2], rate)
            rows.append([*key, f"{rate:,.0f}", f"{rate / compared:.2f}", f"{used:.3f}" if used else ""])
        return rows

    def _relay(self, bench: Bench, kind: Kind, source, make_sink) -> LoadFigures:
        load = self._load(bench)
        load = replace(load, messages=bench.share(load, kind, self.name))
        with make_sink() as sink, bench.running(kind, Site(next_hop_port=sink.port)) as server:
            return self._figures(measure.relay(self.name, server, sink, load, source), RELAY, source, sink)

    def _accept(self, bench: Bench, kind: Kind, source) -> LoadFigures:
        load = self._load(bench)
        load = replace(load, messages=bench.share(load, kind, self.name))
        with bench.running(kind, Site()) as server:
            return self._figures(measure.accept(self.name, server, load, source), ACCEPT, source, None)

    @staticmethod
    def _load(bench: Bench) -> Load:
        return bench.load(messages=bench.options.messages * OWN_SINK_TIMES)

    @staticmethod
    def _figures(run: Run, work: str, source, sink) -> LoadFigures:
        return LoadFigures(work, run.server, source.name, sink.name if sink else "", run.messages, run.seconds,
                           run.cpu_seconds)
