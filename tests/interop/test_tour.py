"""The first minute of somebody new: what `make run` serves, what it prints, what then works."""

import os
import re
import subprocess
import time

import pytest
from conftest import unavailable
from harness import mails
from harness.raw_client import RawClient
from harness.reports import file_tail, show_on_failure
from harness.waiting import wait_until

PORT = 2525
pytestmark = pytest.mark.xdist_group("port 2525")  # One after the other.


@pytest.fixture
def tour(program, tmp_path):
    """`veredus serve --dev` in an empty folder, on its own port."""
    try:
        RawClient(PORT, seconds=1).socket.close()
        unavailable(f"port {PORT} is taken: a development server runs already")
    except OSError:
        pass
    log = tmp_path / "output.log"
    show_on_failure(lambda: file_tail(log))
    with open(log, "wb") as output:
        process = subprocess.Popen([program, "serve", "--dev"], cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=output,
                                   stderr=subprocess.STDOUT, env=os.environ | {"NO_COLOR": "1"})
    try:
        wait_until(lambda: process.poll() is not None or listens(), 15, "it listens", lambda: file_tail(log))
        yield tmp_path, log
        process.terminate()
        assert process.wait(35) == 0
    finally:
        process.kill()
        process.wait()


def listens() -> bool:
    try:
        RawClient(PORT, seconds=1).socket.close()
        return True
    except OSError:
        return False


def mails_below(folder) -> list:
    return [path for path in (folder / "run").rglob("new/*") if path.is_file()]


def test_it_says_what_to_type_and_that_works(tour, program):
    folder, log = tour
    time.sleep(0.5)
    said = log.read_text()
    for part in (str(PORT), "you@example.test", "veredus send", "run/"):
        assert part in said, f"{part!r} is not in:\n{said}"
    command = re.search(r"veredus (send .*--to \S+.*)", said)
    assert command, said
    arguments = [word.strip("'\"") for word in command.group(1).split()]
    done = subprocess.run([program, *arguments], cwd=folder, input=b"", capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr.decode()
    wait_until(lambda: mails_below(folder), 10, "the mail below ./run")


def test_mail_by_hand_arrives(tour):
    folder, _ = tour
    token = mails.token()
    with RawClient(PORT) as client:
        client.greet()
        assert client.deliver("me@client.example", "you@example.test", mails.mail(token)).code == 250
        assert client.ask("QUIT").code == 221
    wait_until(lambda: any(token.encode() in path.read_bytes() for path in mails_below(folder)), 10, "the mail")


def test_the_other_commands_answer(program, tmp_path):
    for arguments in (["version"], ["--help"], ["serve", "--help"], ["config", "reference"]):
        done = subprocess.run([program, *arguments], cwd=tmp_path, capture_output=True, timeout=10, check=False)
        assert done.returncode == 0, f"{arguments}: {done.stderr.decode()}"
        assert done.stdout.strip(), arguments


def test_a_wrong_configuration_is_explained(program, tmp_path):
    """Every error at once, with the line and the nearest key there is."""
    config = tmp_path / "veredus.toml"
    config.write_text('hostname = "mx.example.test"\n[storage]\npath = "s"\n'
                      '[queue]\nretry_mim = "2s"\nexpire = "soon"\n')
    done = subprocess.run([program, "config", "check", "--config", config], capture_output=True, timeout=10,
                          check=False)
    assert done.returncode != 0
    said = (done.stdout + done.stderr).decode()
    for part in ("5", "retry_mim", "retry_min", "6", "expire", "soon"):
        assert part in said, f"{part!r} is not in:\n{said}"
