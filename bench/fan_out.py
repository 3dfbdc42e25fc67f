"""Many messages to many destinations, each of which answers late: a real name server and one sink."""

from dataclasses import replace

import measure
import paths  # noqa: F401
import peer_nsd
from bench import Bench
from harness.waiting import free_port
from load import Load, OwnSink
from measure import Run
from peer_daemon import Peer
from server import Destinations, Kind, Site
from throughput import rate_table

DOMAINS = 1000
ZONE = "fan.example"
LATENCY = "50ms"
SECONDS_MAX = 300


class FanOut:
    name = "fan_out"
    says = (f"as relay, but to {DOMAINS:,} domains in turn, each with an MX host and address of its own (NSD), which "
            f"answers after {LATENCY}; by our own source and sink. Postfix, which takes its port from no MX, is told host "
            "and port of each domain by a transport table, and sends fewer, for each delivery is a process")
    figure = Run

    def measure(self, bench: Bench) -> list[Run]:
        if not bench.options.fan_out:
            return []
        peer = self._name_server(bench)
        peer.start()
        try:
            server = f"{peer.address}:{peer.port}"
            kinds = bench.able(self.name, self._site(server, 1))
            return [self._run(bench, kind, server) for kind in bench.turns(kinds)]
        finally:
            peer.stop()

    def table(self, figures: list[Run]) -> list[list[str]]:
        rows = rate_table(figures)
        for row, server in zip(rows[1:], dict.fromkeys(run.server for run in figures), strict=True):
            row.append(f"{max(run.connections for run in figures if run.server == server):,}")
        return [[*rows[0], "connections at once"], *rows[1:]]

    def _run(self, bench: Bench, kind: Kind, name_server: str) -> Run:
        load = bench.load(messages=bench.options.fan_out, recipient=f"you@{ZONE}", domains=DOMAINS,
                          seconds_max=SECONDS_MAX)
        load = replace(load, messages=bench.share(load, kind, self.name))
        failed = Run(self.name, kind.name, load.messages, load.octets)
        return bench.attempt(failed, lambda: self._timed(bench, kind, name_server, load))

    def _timed(self, bench: Bench, kind: Kind, name_server: str, load: Load) -> Run:
        with (OwnSink(bench.own_load(), latency=LATENCY) as sink,
              bench.running(kind, self._site(name_server, sink.port)) as server):
            run = measure.relay(self.name, server, sink, load, bench.own_source())
            return replace(run, connections=sink.open_max)

    @staticmethod
    def _site(name_server: str, port: int) -> Site:
        hosts = {f"d{number}.{ZONE}": _address(number) for number in range(DOMAINS)}
        return Site(destinations=Destinations(hosts, port, name_server))

    @staticmethod
    def _name_server(bench: Bench) -> Peer:
        records = [f"$ORIGIN {ZONE}.", "$TTL 3600", "@ SOA ns root 1 3600 600 86400 60", "@ NS ns", "ns A 127.0.0.1"]
        for number in range(DOMAINS):
            records += [f"d{number} MX 10 h{number}", f"h{number} A {_address(number)}"]
        return peer_nsd.make(f"{bench.folder.name}/nsd", free_port(), {ZONE: "\n".join(records) + "\n"})


def _address(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"
