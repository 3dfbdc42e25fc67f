"""`veredus torture`: it runs for real, kills, verifies, and leaves nothing behind."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from harness.waiting import wait_until


pytestmark = pytest.mark.xdist_group("torture")  # One after the other: each takes all the disk there is.


def torture(program: Path, folder: Path, *options: str, minutes: str = "0.2") -> subprocess.Popen:
    return subprocess.Popen([program, "torture", "--minutes", minutes, "--storage", folder, *options],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def servers_in(folder: Path) -> list[int]:
    """Processes whose command line names the folder's configuration."""
    wanted = str(folder / "veredus.toml").encode()
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and wanted in command_of(entry)]


def command_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""  # It has ended meanwhile.


@pytest.fixture
def running(program, tmp_path):
    """A run that would go on for long, with its server up."""
    folder = tmp_path / "run"
    process = torture(program, folder, minutes="30")
    wait_until(lambda: servers_in(folder), 20, "the server of the run")
    yield process, folder
    process.kill()
    process.communicate()


def test_nothing_is_lost(program, tmp_path):
    folder = tmp_path / "run"
    said, progress = torture(program, folder, "--json", "--seed", "20260105").communicate(timeout=400)
    report = json.loads(said)
    assert report["nothing_lost"], said.decode()
    assert report["delivered_twice"] == 0 <= report["delivered_twice_after_kill"]
    assert report["lost"] == report["changed"] == report["strangers"] == report["ended_by_itself"] == 0
    assert report["kills"] >= 2
    assert report["messages_acknowledged"] > 100
    assert report["recipients_reached"] >= report["recipients_acknowledged"] > report["messages_acknowledged"]
    assert report["recipients_reached"] - report["recipients_acknowledged"] == report["arrived_unacknowledged"]
    times = report["milliseconds_to_250"]
    assert 0 < times["p50"] <= times["p99"] <= times["max"]
    assert b"outstanding" in progress
    assert report["problems"] == []
    assert not folder.exists(), "what a good run leaves behind is removed"


def test_keep_leaves_a_folder_that_the_next_run_takes_again(program, tmp_path):
    folder = tmp_path / "run"
    for options in (["--keep", "--sessions", "2"], ["--sessions", "2"]):
        process = torture(program, folder, *options, minutes="0.02")
        said = process.communicate(timeout=200)[0].decode()
        assert process.returncode == 0, said
        assert said.endswith("verdict: nothing was lost\n")
        assert (folder / "storage").exists() == ("--keep" in options)


def test_a_folder_with_anything_else_in_it_is_refused(program, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    process = torture(program, tmp_path)
    assert "letter.txt" in process.communicate(timeout=20)[1].decode()
    assert process.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_folder_in_use_is_refused(program, running):
    _, folder = running
    second = torture(program, folder)
    assert "another torture run" in second.communicate(timeout=20)[1].decode()
    assert second.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ended_early_it_reports_so_far_and_leaves_no_process(running, number):
    process, folder = running
    time.sleep(2)
    os.kill(process.pid, number)
    said = process.communicate(timeout=30)[0].decode()
    assert process.returncode == 1
    assert "verdict: interrupted" in said
    assert not servers_in(folder)


def test_a_run_that_is_killed_leaves_no_process(running):
    process, folder = running
    process.kill()
    process.wait()
    wait_until(lambda: not servers_in(folder), 10, "the server is gone")


@pytest.mark.parametrize("minutes", ["0", "-1", "many", "nan", ""])
def test_wrong_use(program, tmp_path, minutes):
    process = torture(program, tmp_path / "run", minutes=minutes)
    process.communicate(timeout=20)
    assert process.returncode == 2
    assert not (tmp_path / "run").exists()
