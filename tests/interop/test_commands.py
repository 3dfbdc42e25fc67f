"""The commands beside `serve` and `send`: queue, config, completion, help."""

import json
import subprocess
from pathlib import Path

import pytest
from harness import mails
from harness.waiting import free_port, wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def waiting(start_veredus):
    """A server with one message that waits for a next hop where nobody listens."""
    server = start_veredus(smart_host=f"127.0.0.1:{free_port()}", retry_min="1h", retry_max="1h",
                           destination_pause="1h")
    server.send("me@client.example", "you@far.example", mails.mail("waits"))
    wait_until(lambda: server.queue_shows("you@far.example", "deferred"), 20, "it is deferred")
    return server


def queue(server, *arguments: str) -> subprocess.CompletedProcess:
    return server.command("queue", *arguments, "--config", str(server.config))


def test_queue_says_who_waits_and_why(waiting):
    said = queue(waiting, "list").stdout.decode()
    for part in ("me@client.example", "<you@far.example> deferred after 1 attempt, next at 20", "1 message\n"):
        assert part in said, said


def test_queue_shows_one_message(waiting):
    identity = waiting.queue()[0]["id"]
    shown = queue(waiting, "show", identity.lower())
    assert shown.returncode == 0, shown.stderr
    for part in (identity, "you@far.example", "by protocol", "ESMTP", "127.0.0.1"):
        assert part in shown.stdout.decode()
    assert json.loads(queue(waiting, "show", identity, "--json").stdout)["id"] == identity


def test_queue_reads_the_storage_of_a_server_that_is_down(waiting):
    before = waiting.queue()
    waiting.stop()
    after = waiting.queue()
    assert [entry["id"] for entry in after] == [entry["id"] for entry in before]
    assert after[0]["recipients"][0]["state"] == "deferred"


@pytest.mark.parametrize("identity, part", [("nonsense", "is not a queue id"), ("01J8XK3F2Q7RM", "not in the queue")])
def test_queue_show_says_what_is_wrong_with_an_id(waiting, identity, part):
    shown = queue(waiting, "show", identity)
    assert shown.returncode != 0
    assert part in shown.stderr.decode()


@pytest.mark.parametrize("command", [("queue", "list"), ("storage", "check")])
def test_looking_makes_nothing(program, tmp_path, command):
    config = tmp_path / "veredus.toml"
    config.write_text(f'hostname = "mx.example.test"\n[storage]\npath = "{tmp_path}/none"\n')
    done = subprocess.run([program, *command, "--config", config], capture_output=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "does not exist" in done.stderr.decode()
    assert not (tmp_path / "none").exists()


def test_a_server_waits_for_a_command_that_looks(waiting):
    """`queue list` of a stopped server has the storage open for a moment; a start meanwhile works."""
    waiting.stop()
    lookers = [subprocess.Popen([waiting.program, "queue", "list", "--config", waiting.config],
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
    waiting.start()
    for looker in lookers:
        said = looker.communicate(timeout=30)[1]
        assert looker.returncode == 0, said.decode()


def test_config_check_and_show(waiting):
    checked = waiting.command("config", "check", "--config", str(waiting.config))
    assert checked.returncode == 0
    shown = waiting.command("config", "show", "--config", str(waiting.config)).stdout.decode()
    assert 'hostname = "mx.example.test"  # ' in shown
    assert "  # default" in shown


def test_a_missing_configuration_says_what_to_do(program, tmp_path):
    done = subprocess.run([program, "config", "check", "--config", tmp_path / "no.toml"], capture_output=True,
                          timeout=20, check=False)
    assert done.returncode == 3
    assert "no.toml: cannot be read: No such file" in done.stderr.decode()


def test_the_reference_in_the_docs_is_the_program_s(program):
    reference = subprocess.run([program, "config", "reference"], capture_output=True, timeout=20, check=True).stdout
    assert (ROOT / "docs/configuration.toml").read_bytes() == reference, \
        "type: build/release/veredus config reference > docs/configuration.toml"


@pytest.mark.parametrize("line, want", [("veredus qu", "queue"), ("veredus queue l", "list"),
                                        ("veredus queue list --js", "--json"), ("veredus send --par", "--parallel")])
def test_bash_completes(program, tmp_path, line, want):
    script = tmp_path / "completion.bash"
    script.write_bytes(subprocess.run([program, "completion", "bash"], capture_output=True, check=True).stdout)
    words = line.split()
    listed = " ".join(f'"{word}"' for word in words)
    done = subprocess.run(["bash", "-c", f"source {script}; COMP_WORDS=({listed}); COMP_CWORD={len(words) - 1}; "
                                         "_veredus; echo ${COMPREPLY[@]}"], capture_output=True, check=True)
    assert want in done.stdout.decode().split()


@pytest.mark.parametrize("option, want", [("--config", ["folder", "file"]), ("-c", ["folder", "file"]),
                                          ("--storage", ["folder"])])
def test_bash_completes_paths(program, tmp_path, option, want):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    script = subprocess.run([program, "completion", "bash"], capture_output=True, check=True).stdout.decode()
    done = subprocess.run(["bash", "-c", f'{script}\nCOMP_WORDS=(veredus torture {option} f); COMP_CWORD=3; '
                                         "_veredus; echo ${COMPREPLY[@]}"],
                          cwd=tmp_path, capture_output=True, check=True)
    assert sorted(done.stdout.decode().split()) == sorted(want)


@pytest.mark.parametrize("arguments", [("--to", "a@b.example>\r\nRCPT TO:<c@d.example"), ("--to", "nobody"),
                                       ("--from", "a@b>\r\nNOOP"), ("--helo", "a b"), ("--helo", "a\r\nNOOP")])
def test_send_refuses_what_could_be_a_command(program, arguments):
    """Before it connects: nobody listens there."""
    done = subprocess.run([program, "send", "--server", f"127.0.0.1:{free_port()}", "--to", "you@example.test",
                           *arguments], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2, done.stderr
    assert b"connect" not in done.stderr


def test_storage_check(waiting):
    running = waiting.command("storage", "check", "--config", str(waiting.config))
    assert running.returncode == 1
    assert b"another veredus is running" in running.stderr
    waiting.stop()
    checked = waiting.command("storage", "check", "--config", str(waiting.config))
    assert checked.returncode == 0, checked.stderr
    assert b"1 message" in checked.stdout


def test_every_command_has_help(program):
    for words in ([], ["serve"], ["send"], ["queue"], ["queue", "list"], ["queue", "show"], ["config"],
                  ["config", "check"], ["config", "show"], ["config", "reference"], ["storage", "check"], ["version"], ["completion"]):
        done = subprocess.run([program, *words, "--help"], capture_output=True, timeout=20, check=False)
        assert done.returncode == 0, words
        assert len(done.stdout.split()) > 5, words


@pytest.mark.parametrize("arguments", [[], ["dance"], ["queue"], ["send"], ["serve", "--colour"],
                                       ["send", "--to", "a@b.example", "--repeat", "x"]])
def test_wrong_use_is_told_with_exit_code_2(program, arguments):
    done = subprocess.run([program, *arguments], capture_output=True, timeout=20, check=False)
    assert done.returncode == 2
    assert done.stderr.strip() or done.stdout.strip()
