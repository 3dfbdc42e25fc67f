"""What the ratchet on instructions refuses, what it only notes, and how counts are accepted. A made-up
valgrind counts what the test says."""

import os

import pytest
from conftest import load

VALGRIND = """#!/bin/sh
name=$(expr "$4" : '--benchmark_filter=^\\([^(]*\\)(')
cost=$(sed -n "s|^$name ||p" "$(dirname "$0")/costs")
[ "$cost" = broken ] && exit 1
echo "$name/iterations:$BENCH_ITERATIONS    10 ns"
echo "==1== Collected : $((1000000 + ${cost:-1000} * BENCH_ITERATIONS))" >&2
"""
STRIP = """#!/bin/sh
cp "$4" "$3"
"""
WORKS = load("instructions").WORKS
PARSE = "wire_smtp/parse_address"
QUEUE = "mail_queue/message_through_queue/waiting:"


class Counted:
    """Every operation costs 1000 instructions but those in `costs`, by the benchmark's name."""

    def __init__(self, tree, monkeypatch):
        self.tree = tree
        self._program("tools/valgrind", VALGRIND)
        self._program("tools/llvm-strip-19", STRIP)
        monkeypatch.setenv("PATH", f"{tree.root / 'tools'}:{os.environ['PATH']}")
        for program in {work.program for work in WORKS}:
            self._program(f"build/release/src/{program}_bench", "")
        self.set()

    def _program(self, path, text):
        self.tree.write(path, text)
        (self.tree.root / path).chmod(0o755)

    def set(self, **costs):
        self.tree.write("tools/costs", "".join(f"{name} {cost}\n" for name, cost in costs.items()))

    def problems(self, *arguments):
        """The lines that are neither counts nor notes; with them, and only then, the status is 1."""
        status, lines = self.tree.run("instructions", *arguments)
        found = [line for line in lines if not line.startswith(("  ", "note: "))]
        assert (status == 1) == bool(found)
        return found

    def notes(self):
        return [line for line in self.tree.run("instructions")[1] if line.startswith("note: ")]


@pytest.fixture
def counted(tree, monkeypatch):
    made = Counted(tree, monkeypatch)
    assert made.problems("--write") == []
    return made


def test_what_was_accepted_passes(counted):
    assert '"parse_address" = 1000' in counted.tree.read("tools/instructions.toml")
    assert counted.problems() == []
    assert counted.notes() == []


def test_three_percent_may_come_and_go(counted):
    for cost in (970, 1030):
        counted.set(parse_address=cost)
        assert counted.problems() == []
        assert counted.notes() == []


def test_growth_is_refused_until_it_is_accepted(counted):
    counted.set(parse_address=1031)
    assert counted.problems() == [f"{PARSE} grew from 1,000 to 1,031 instructions (+3.1%)"]
    assert counted.problems("--write") == []
    assert counted.problems() == []
    assert '"parse_address" = 1031' in counted.tree.read("tools/instructions.toml")


def test_shrinking_is_noted(counted):
    counted.set(parse_address=969)
    assert counted.problems() == []
    assert len(counted.notes()) == 1
    assert counted.notes()[0].startswith(f"note: {PARSE} shrank from 1,000 to 969")


def test_a_queue_that_gets_dearer_with_its_length_is_never_accepted(counted):
    counted.set(**{"message_through_queue/waiting:100000": 1101})
    found = counted.problems("--write")
    assert len(found) == 1
    assert found[0].startswith(f"{QUEUE} costs 1,000 instructions with 0 and 1,101 with 100,000")
    counted.set(**{"message_through_queue/waiting:100000": 1100})
    assert counted.problems("--write") == []


def test_new_and_old_works_are_named(counted):
    text = counted.tree.read("tools/instructions.toml")
    counted.tree.write("tools/instructions.toml", text.replace('"parse_address"', '"parse_telegram"'))
    assert counted.problems() == [
        f"{PARSE} is new, with 1,000 instructions",
        "tools/instructions.toml: wire_smtp/parse_telegram is counted no more",
    ]
    assert counted.problems("--write") == []
    assert counted.tree.read("tools/instructions.toml") == text


def test_some_are_counted_and_the_others_stay_accepted(counted):
    before = counted.tree.read("tools/instructions.toml")
    counted.set(parse_address=2000, scan=2000)
    assert counted.problems("parse_address", "--write") == []
    assert counted.tree.read("tools/instructions.toml") == before.replace(
        '"parse_address" = 1000', '"parse_address" = 2000'
    )


def test_what_takes_minutes_is_counted_on_demand(counted):
    assert "waiting:1000000" not in counted.tree.read("tools/instructions.toml")
    assert counted.problems("--all", "--write", "waiting:") == []
    assert f'"{QUEUE.partition("/")[2]}1000000" = 1000' in counted.tree.read("tools/instructions.toml")
    assert counted.problems() == []


def test_a_benchmark_that_fails_is_no_count(counted):
    counted.set(parse_address="broken")
    assert counted.problems()[0].startswith(f"{PARSE} did not run")


def test_a_benchmark_that_is_not_built_is_named(counted):
    (counted.tree.root / "build/release/src/wire_mime_bench").unlink()
    assert counted.problems() == ["wire_mime/build_received is not built", "wire_mime/scan is not built"]
