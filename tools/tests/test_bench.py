"""bench/ gives no figure where a run was worthless, and keeps the prose around its tables."""

import os
import pathlib
import sys
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "bench"))

import aims
import document
import latency
import measure
import micro
import plots
import report
import throughput
import works
from flushes import Disk
from latency import LatencyStep
from load import BenchError, Load
from measure import Run


def run(server, seconds=1.0, **more):
    return Run("relay", server, 1000, 4096, seconds=seconds, cpu_seconds=seconds, **more)


def row_of(table, server):
    """Its cells by the heads of their columns; of two with the same head the first."""
    row = next(row for row in table[1:] if row[0] == server)
    return dict(zip(reversed(table[0]), reversed(row), strict=True))


def test_medians_and_ratios():
    table = throughput.rate_table([
        run("Postfix", 4), run("Veredus", 1, flushes=100), run("Veredus", 9, flushes=900),
        run("Veredus", 2, flushes=250), run("Postfix", 4), run("Veredus", 0)])  # The last was not timed.
    assert row_of(table, "Veredus")["messages/s"] == "500"
    assert row_of(table, "Veredus")["x Postfix"] == "2"
    assert row_of(table, "Veredus")["disk flushes/message"] == "0.25"


@pytest.mark.parametrize("worthless", ["Postfix", "Veredus"])
def test_no_ratio_when_a_run_was_worthless(worthless):
    runs = [run("Postfix", 4), run("Veredus", 1), run(worthless, error="999 messages came out for 1000 that went in")]
    table = throughput.rate_table(runs)
    assert "refused: 999 messages" in row_of(table, worthless)["messages"]
    assert row_of(table, worthless)["messages/s"] == ""
    assert row_of(table, "Veredus")["x Postfix"] == ""
    assert report.Measured(works.WORKS[0], {}, runs).errors()


class Account:
    def cpu_seconds(self):
        return 0

    def process_ids(self):
        return []


class Server:
    name, port, account = "Server", 1, Account()

    def __init__(self, waiting=0):
        self.waiting = waiting

    def waiting_messages(self):
        return self.waiting

    def log_tail(self):
        return ""


class Source:
    """One that has sent everything."""

    name = "source"

    def start(self, load, port):
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def has_ended(self):
        return True

    def has_failed(self):
        return False

    def wait(self, seconds):
        pass


class Sink:
    def __init__(self, received):
        self.received = received

    def count(self, seconds):
        return self.received

    def cpu_seconds(self):
        return 0


@pytest.fixture(autouse=True)
def hurry(monkeypatch):
    monkeypatch.setattr(measure, "QUIET_SECONDS", 0)
    monkeypatch.setattr(measure, "SETTLE_SECONDS", 0.01)
    monkeypatch.setattr(measure, "EMPTY_SECONDS_MAX", 0.05)


def relay(received, waiting=0):
    return measure.relay("relay", Server(waiting), Sink(received), Load(10, seconds_max=0.05), Source())


def test_a_run_that_loses_nothing_has_figures():
    assert relay(10).messages == 10


@pytest.mark.parametrize(("received", "says"), [(9, "9 of 10 messages"), (11, "11 messages came out for 10")])
def test_lost_and_doubled_messages_are_errors(received, says):
    with pytest.raises(BenchError, match=says):
        relay(received)


def test_a_message_that_is_still_waiting_is_an_error():
    with pytest.raises(AssertionError, match="1 messages wait"):
        relay(10, waiting=1)


def test_acknowledged_messages_have_to_be_there():
    with pytest.raises(BenchError, match="acknowledged 10 messages and has 9"):
        measure.accept("accept", Server(waiting=9), Load(10), Source())


@pytest.mark.parametrize(("ids", "arrived"), [("ab", True), ("a", False), ("aa", False), ("abb", False)])
def test_each_message_id_is_there_once(tmp_path, ids, arrived):
    """Also when one is lost and another comes twice, which no count of messages shows."""
    mails = tmp_path / "mails"
    mails.write_text("".join(f"From: me\nMessage-Id: <{name}@x>\n\ntext\n" for name in ids))
    if arrived:
        measure.check_each_once([mails], 2)
    else:
        with pytest.raises(BenchError):
            measure.check_each_once([mails], 2)


@pytest.mark.parametrize("partition", [False, True])
def test_flushes_are_those_of_the_whole_disk(tmp_path, partition):
    number = tmp_path.stat().st_dev
    disk = tmp_path / "disk"
    device = disk / "part1" if partition else disk
    device.mkdir(parents=True)
    if partition:
        (device / "partition").write_text("1")
        (device / "stat").write_text(" ".join(["0"] * 17))
    (disk / "stat").write_text(" ".join(map(str, range(100, 117))))
    (tmp_path / f"{os.major(number)}:{os.minor(number)}").symlink_to(device)
    assert Disk(tmp_path, devices=tmp_path).flushes() == 115


def test_where_nobody_counts_flushes_there_is_no_figure(tmp_path):
    assert Disk(tmp_path, devices=tmp_path).flushes() is None
    uncounted = throughput.rate_table([run("Veredus", 1)])
    assert row_of(uncounted, "Veredus")["disk flushes/message"] == ""


def step(server, share, p99):
    return LatencyStep(server, share, 100, share * 100, share * 100, p99 / 9, p99 / 3, p99, p99 * 2, p99 * 3, 0)


def test_plots_are_well_formed():
    pictures = plots.all_plots({"relay": [run("Postfix", 4), run("Veredus & co", 1)],
                                "latency": [step("Postfix", 10, 0.5), step("Postfix", 95, 700)]})
    assert set(pictures) == set(plots.TITLES)
    for picture in pictures.values():
        xml.etree.ElementTree.fromstring(picture)


def test_a_work_is_replaced_and_all_else_stays(tmp_path):
    (tmp_path / "performance.md").write_text(f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n")
    page = document.Document(tmp_path, works.WORKS)
    by_name = {work.name: work for work in works.WORKS}
    page.keep([report.Measured(by_name[name], {"date": "then"}, [run(server, 4)])
               for name, server in (("relay", "Postfix"), ("accept", "Exim"))])
    page.keep([report.Measured(by_name["relay"], {"date": "now"}, [run("Veredus", 1)])])
    page.write()
    text = (tmp_path / "performance.md").read_text()
    assert text.startswith("before\n") and text.endswith("after\n") and "old" not in text
    assert "Veredus" in text and "Exim" in text and "Postfix |" not in text
    assert text.index("date: now") < text.index("date: then")
    assert (tmp_path / "performance" / "throughput.svg").exists()


def aim_rows(figures):
    return [dict(zip(("aim", "wanted", "measured", "met", "also"), row, strict=True)) for row in aims.table(figures)[1:]]


def test_aims_are_judged_by_medians_and_tell_the_rounds():
    rows = aim_rows({"relay": [run("Postfix", 9), run("Postfix", 9), run("Postfix", 9),
                               run("Veredus", 1), run("Veredus", 1), run("Veredus", 2)]})
    rate, cpu = rows[0], rows[1]
    assert (rate["measured"], rate["met"], rate["also"]) == ("9", "yes", "rounds: 4.5 - 9")
    assert (cpu["measured"], cpu["met"]) == ("0.111", "**no**")


def test_what_was_not_measured_is_not_met():
    rows = [row for row in aim_rows({}) if "instructions" not in row["aim"]]
    assert {row["measured"] for row in rows} == {"not measured"}
    assert {row["met"] for row in rows} == {""}


def test_the_worst_round_of_a_latency_is_told():
    steps = [step("Veredus", 80, ms) for ms in (1, 2, 700)]
    table = latency.Latency().table(steps)
    row = row_of(table, "Veredus")
    assert (row["p99 ms"], row["p99 ms, worst round"], row["longest ms"]) == ("2.00", "700.00", "2,100.00")
    found = next(row for row in aim_rows({"latency": steps}) if "p99" in row["aim"])
    assert (found["measured"], found["also"]) == ("2", "the worst round 700.0")


def test_names_of_works_differ():
    names = [work.name for work in works.WORKS]
    assert len(set(names)) == len(names)
    assert set(works.SERVER_NAMES) | set(works.TLS_NAMES) | {works.MICRO_NAME} == set(names)


def test_what_tls_costs_is_told_beside_plain():
    """The cost of the cipher itself was not timed with a server and has no rate."""
    figures = [run("Veredus", 1, variant="plain"), run("Veredus", 2, variant="TLS"),
               Run("relay_tls", "aes of its own", 1000, 4096, cpu_seconds=3)]
    table = next(work for work in works.WORKS if work.name == "relay_tls").table(figures)
    assert row_of(table, "aes of its own")["CPU ms/message"] == "3.000"
    tls = next(row for row in table if row[:2] == ["Veredus", "TLS"])
    assert tls[table[0].index("x plain")] == "0.50"
    assert tls[table[0].index("more than plain, ms")] == "1.000"


def test_a_micro_benchmark_that_fails_has_no_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(micro, "RELEASE", tmp_path)
    program = tmp_path / "src" / "mail_accept_bench"
    program.parent.mkdir()
    program.write_text("""#!/bin/sh
echo '{"benchmarks": [{"name": "accept", "error_occurred": true, "error_message": "550 No",
                       "real_time": 0, "cpu_time": 0, "time_unit": "ms"}]}'
""")
    program.chmod(0o755)
    with pytest.raises(BenchError, match="mail_accept, accept: 550 No"):
        micro.Micro().measure(None)
