"""Relaying with TLS on both sides, beside the same without."""

import re
from dataclasses import replace

import measure
import micro
import tls
from bench import Bench
from harness.certificates import openssl
from load import OWN_SINK_TIMES, Load, OwnSink
from measure import Run
from paths import RELEASE
from server import Kind, Papers, Site
from throughput import lowest_and_highest, median, other_cores, timed_runs

PLAIN, TLS = "plain", "TLS"
HANDSHAKES = "handshakes of their own"
CIPHER = "aes-256-gcm"  # What both sides agree on.
SPEED_SECONDS = 1
# The micro-benchmark that passes the records of one message through both ends of a session, and its size.
RECORDS_PROGRAM, RECORDS_OCTETS, RECORDS_ENDS = RELEASE / "src" / "io_tls_bench", 4096, 2
RECORDS = {"records of their own, by OpenSSL alone": "openssl_alone/sessions:20/keeps_buffers:1",
           "records of their own, by our engine": "engine/sessions:20"}


class RelayTls:
    name = "relay_tls"
    says = ("as relay, by our own source and sink, which speak TLS on both sides of the server or on neither; sessions "
            "are kept open. Of their own: what openssl speed takes to decrypt and to encrypt a message's octets; what "
            "OpenSSL takes to read and to write the records of one message, without a server around it, and what our "
            "engine takes for the same (bench/README.md); and what openssl s_server takes for as many handshakes as "
            "there are connections")
    figure = Run

    def measure(self, bench: Bench) -> list[Run]:
        kinds = bench.able(self.name, Site(next_hop_port=1, papers=bench.papers()))
        ways = [(kind, papers) for kind in kinds for papers in (None, bench.papers())]
        return [self._run(bench, kind, papers) for kind, papers in bench.turns(ways)] + self._own_cost(bench)

    def table(self, figures: list[Run]) -> list[list[str]]:
        """Each beside the same server without TLS."""
        rows = [["server", "how", "messages/s", "lowest - highest", "x plain", "CPU ms/message", "more than plain, ms",
                 "other cores"]]
        for server, variant in dict.fromkeys((run.server, run.variant) for run in figures):
            runs, plain = timed_runs(figures, server, variant), timed_runs(figures, server, PLAIN)
            if not variant:
                own = next(run for run in figures if run.server == server)
                rows.append([server, "", "", "", "", f"{own.cpu_ms:.3f}", "", ""])
            elif not runs or not plain:
                rows.append([server, variant, _error(figures, server), "", "", "", "", ""])
            else:
                rows.append([server, variant, f"{median(runs, 'rate'):,.0f}", lowest_and_highest(runs),
                             f"{median(runs, 'rate') / median(plain, 'rate'):.2f}", f"{median(runs, 'cpu_ms'):.3f}",
                             f"{median(runs, 'cpu_ms') - median(plain, 'cpu_ms'):.3f}", other_cores(runs)])
        return rows

    def _own_cost(self, bench: Bench) -> list[Run]:
        load = bench.load(messages=bench.options.messages * OWN_SINK_TIMES)
        own = {f"{CIPHER} of its own": cipher_seconds(load.octets) * load.messages}
        if load.octets == RECORDS_OCTETS and RECORDS_PROGRAM.is_file():
            own |= {name: records_seconds(benchmark) * load.messages for name, benchmark in RECORDS.items()}
        own[HANDSHAKES] = handshake_seconds(bench) * load.sessions * 2
        return [Run(self.name, name, load.messages, load.octets, cpu_seconds=seconds) for name, seconds in own.items()]

    def _run(self, bench: Bench, kind: Kind, papers: Papers | None) -> Run:
        load = bench.load(tls=papers is not None)
        load = replace(load, messages=bench.share(load, kind, self.name) * OWN_SINK_TIMES)
        failed = Run(self.name, kind.name, load.messages, load.octets, TLS if papers else PLAIN)
        return bench.attempt(failed, lambda: self._timed(bench, kind, papers, load, failed.variant))

    def _timed(self, bench: Bench, kind: Kind, papers: Papers | None, load: Load, variant: str) -> Run:
        with (OwnSink(bench.own_load(), papers) as sink,
              bench.running(kind, Site(next_hop_port=sink.port, papers=papers)) as server):
            return replace(measure.relay(self.name, server, sink, load, bench.own_source()), variant=variant)


def cipher_seconds(octets: int) -> float:
    """To decrypt a message and to encrypt it again, on one core, with nothing around it."""
    text = openssl("speed", "-seconds", SPEED_SECONDS, "-bytes", octets, "-mr", "-evp", CIPHER)
    # +F:22:AES-256-GCM:octets a second
    found = re.search(r"^\+F:\d+:[\w-]+:([\d.]+)", text, re.MULTILINE)
    if not found:
        raise measure.BenchError(f"openssl speed says something else:\n{text}")
    return 2 * octets / float(found.group(1))


def records_seconds(benchmark: str) -> float:
    """Of one end: a server that relays a message reads half of its records and writes the other half."""
    (figures,) = micro.run(RECORDS_PROGRAM, f"^{benchmark}$")
    return figures.nanoseconds / 1e9 / RECORDS_ENDS


def handshake_seconds(bench: Bench) -> float:
    """The CPU time that OpenSSL's own server takes for one, with the connection it needs."""
    with tls.running(tls.OpenSslServer(bench.new_folder("openssl"), bench.papers())) as server:
        return next(tls.handshakes(server, server.port, "P-256", 1)).cpu_ms / 1000


def _error(figures: list[Run], server: str) -> str:
    return next(f"refused: {run.error}" for run in figures if run.server == server and run.error)
