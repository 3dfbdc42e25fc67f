"""What an operator types: every subcommand of `veredus queue`, `veredus trace`, and the names mailq
and sendmail, against a real server with a next hop that defers and one that nobody listens for."""

import json
import os
import pty
import re
import stat
import subprocess
from pathlib import Path

import pytest
from harness import mails
from harness.next_hop import Script
from harness.waiting import free_port, wait_until

FAR, NEAR = "you@far.example", "you@near.example"
BODY = b"From: me@client.example\r\nTo: you@far.example\r\nMessage-ID: <one@client.example>\r\n\r\n" \
       b"\xe9\xff\x01.\r\nend\r\n"
ID = re.compile(r"^[0-9A-HJKMNP-TV-Z]{13}$")


class Operator:
    """Types commands; each must end with `status`."""

    def __init__(self, server):
        self.server = server

    def types(self, *words: str, status: int = 0) -> str:
        """Standard output, or standard error when it should fail."""
        done = self.server.command(*words, "--config", str(self.server.config))
        said = done.stderr.decode() if status else done.stdout.decode()
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout.decode()}\n{done.stderr.decode()}"
        return said

    def queue(self, *words: str, status: int = 0) -> str:
        return self.types("queue", *words, status=status)

    def json(self, *words: str) -> list[dict]:
        return [json.loads(line) for line in self.types(*words, "--json").splitlines()]

    def ids(self, *words: str) -> list[str]:
        return [entry["id"] for entry in self.json("queue", "list", *words)]


@pytest.fixture
def waiting(start_veredus, next_hops):
    """One mail deferred by the next hop of far.example; three for near.example, where nobody
    listens."""
    hop = next_hops(script=Script(recipient_replies={FAR: ["451 4.7.1 try later"] * 2}))
    near = free_port()
    server = start_veredus(routes={"far.example": f"127.0.0.1:{hop.port}", "near.example": f"127.0.0.1:{near}"},
                           relay_networks=["127.0.0.0/8"], retry_min="1h", retry_max="1h", destination_pause="1h")
    server.hop, server.near = hop, near
    server.send("me@client.example", FAR, BODY)
    for number in range(3):
        server.send("other@client.example" if number else "", NEAR, mails.mail(f"near {number}"))
    wait_until(lambda: server.queue_shows(FAR, "deferred") and server.queue_shows(NEAR, "deferred"), 20,
               "they are deferred")
    return server


@pytest.fixture
def operator(waiting) -> Operator:
    return Operator(waiting)


def the_far_one(operator: Operator) -> str:
    (identity,) = operator.ids("--recipient", FAR)
    return identity


@pytest.mark.parametrize("words, count", [
    ((), 4), (("--domain", "FAR.example"), 1), (("--recipient", "you@*"), 4), (("--recipient", NEAR), 3),
    (("--sender", "<>"), 1), (("--sender", "*@client.example"), 3), (("--sender", "other@client.example"), 2),
    (("--state", "held"), 0), (("--state", "deferred", "--domain", "far.example"), 1), (("--older-than", "2h"), 0),
    (("--younger-than", "2h"), 4), (("--larger-than", "1MiB"), 0), (("--smaller-than", "10kB"), 4),
    (("--limit", "2"), 2)])
def test_list_filters(operator, words, count):
    listed = operator.ids(*words)
    assert len(listed) == count and all(ID.match(identity) for identity in listed)
    assert listed == sorted(listed)
    said = operator.queue("list", *words)
    assert f"\n{count} message" in said or (count == 0 and "Nothing in the queue matches." in said)


def test_filters_and_limits_mean_the_same_without_a_server(operator, waiting):
    before = {words: operator.ids(*words) for words in [(), ("--sender", "<>"), ("--destination", f"127.0.0.1:{waiting.near}"),
                                                        ("--domain", "near.example", "--limit", "2")]}
    assert len(before[("--destination", f"127.0.0.1:{waiting.near}")]) == 3
    waiting.stop()
    for words, listed in before.items():
        assert operator.ids(*words) == listed
    far = the_far_one(operator)
    assert "4 messages" in operator.queue("count")
    assert "attempt 1 for" in operator.queue("show", far)
    assert "try later" in operator.types("trace", far)
    assert "No server runs: nothing is tried until `veredus serve` is started." in operator.queue("why", far)
    raw = waiting.command("queue", "cat", far, "--config", str(waiting.config)).stdout
    assert raw.endswith(BODY)
    assert "1 message (1 recipient) would be" in operator.queue("remove", far, "--dry-run")
    for words in [("retry", far), ("hold", "--all"), ("pause", "far.example"), ("destinations",)]:
        assert "no server runs" in operator.queue(*words, status=1)


def test_count(operator, waiting):
    groups = operator.json("queue", "count")
    assert [group["messages"] for group in groups[:-1]] in ([1, 3], [3, 1])
    assert groups[-1]["total"]["recipients"] == 4
    said = operator.queue("count")
    assert "127.0.0.1" in said and "said: 451 4.7.1 try later" in said and "4 messages (4 recipients)" in said
    for by, group in [("sender", "<>"), ("domain", "near.example"), ("state", "deferred"),
                      ("destination", f"smtp:127.0.0.1:{waiting.near}")]:
        assert group in [entry.get("group") for entry in operator.json("queue", "count", "--by", by)]
    assert "--by: expected destination, sender, domain or state; found colour" in \
        operator.queue("count", "--by", "colour", status=2)


def test_show_and_cat(operator, waiting):
    far = the_far_one(operator)
    said = operator.queue("show", far.lower())
    for part in (far, "deferred after 1 attempt, next at 20", "by protocol", "ESMTP", "<one@client.example>",
                 "accepted from 127.0.0.1:", "attempt 1 for <you@far.example>", "said: 451 4.7.1 try later"):
        assert part in said, said
    raw = waiting.command("queue", "cat", far, "--config", str(waiting.config)).stdout
    assert raw.endswith(BODY) and raw.startswith(b"Received: ")
    for verb in ("show", "cat", "why"):
        assert "is not in the queue" in operator.queue(verb, "01J8XK3F2Q7RM", status=1)


def test_cat_of_a_large_message(operator, waiting):
    message = b"Subject: large\r\n\r\n" + b"".join(b"%07d%s\r\n" % (n, b"x" * 60) for n in range(12_000))
    waiting.send("me@client.example", NEAR, message)
    wait_until(lambda: len(operator.ids("--larger-than", "500kB")) == 1, 20, "it is queued")
    (identity,) = operator.ids("--larger-than", "500kB")
    raw = waiting.command("queue", "cat", identity, "--config", str(waiting.config)).stdout
    assert raw.endswith(message)


def test_why(operator, waiting):
    far = the_far_one(operator)
    said = operator.queue("why", far)
    for part in ("was tried once", "said: 451 4.7.1 try later. It waits for its next attempt at", f"`veredus queue retry {far}`",
                 "then it is given up and the sender told."):
        assert part in said, said
    assert said == operator.queue("why", FAR)  # One message: the same paragraph.
    said = operator.queue("why", "near.example")
    for part in ("3 messages (3 recipients) wait for smtp:127.0.0.1", "is left alone until", "`veredus queue resume smtp:"):
        assert part in said, said
    assert "Nothing in the queue is for none.example." in operator.queue("why", "none.example")
    operator.queue("hold", far)
    assert "held by an operator" in operator.queue("why", far)
    assert operator.json("queue", "why", far)[0]["blocker"] == "held"


def test_retry_by_id_delivers_at_last(operator, waiting):
    far = the_far_one(operator)
    assert operator.queue("retry", far) == "1 message (1 recipient) due for an attempt now.\n"
    wait_until(lambda: "after 2 attempts" in operator.queue("list", far), 20, "it was tried again")
    operator.queue("retry", "--domain", "far.example")
    wait_until(lambda: FAR in waiting.hop.recipients(), 20, "it arrived")
    wait_until(lambda: not operator.ids("--domain", "far.example"), 20, "it left the queue")
    story = operator.types("trace", far)
    for part in ("attempt 1 for", "an operator: to be tried now", "attempt 2", "attempt 3", "relayed"):
        assert part in story, story


def test_hold_and_release(operator):
    said = operator.queue("hold", "--domain", "near.example", "--dry-run")
    assert "3 messages (3 recipients) would be held.\n" in said and NEAR in said and FAR not in said
    assert not operator.ids("--state", "held")
    assert operator.queue("hold", "--domain", "near.example") == "3 messages (3 recipients) held.\n"
    assert len(operator.ids("--state", "held")) == 3
    assert operator.queue("hold", "--domain", "near.example") == "0 messages (0 recipients) held.\n"
    assert "3 recipients left alone, for an operator holds them" in operator.queue("retry", "--domain", "near.example")
    assert operator.queue("release", "--all") == "3 messages (3 recipients) released.\n"
    assert not operator.ids("--state", "held")


def test_a_hold_outlives_a_restart(operator, waiting):
    operator.queue("hold", "--all")
    waiting.stop()
    waiting.start()
    assert len(operator.ids("--state", "held")) == 4


def test_remove_and_bounce(operator):
    assert operator.queue("remove", "--sender", "other@client.example") == "2 messages (2 recipients) removed.\n"
    assert len(operator.ids()) == 2
    far = the_far_one(operator)
    operator.queue("pause", "client.example")  # So that the notice can be read.
    said = operator.queue("bounce", far, "--reason", "the project is over")
    assert "1 message (1 recipient) given up, and their senders told.\n" == said
    wait_until(lambda: not operator.ids("--domain", "far.example"), 20, "it is given up")
    story = operator.types("trace", far)
    assert "the project is over" in story, story
    (notice,) = operator.ids("--recipient", "me@client.example")
    raw = operator.server.command("queue", "cat", notice, "--config", str(operator.server.config)).stdout
    assert b"said last: 451 4.7.1 try later" in b" ".join(raw.split())
    total = operator.json("queue", "remove", "--all")[-1]["total"]
    assert total["messages"] == total["changed"] > 0
    wait_until(lambda: not operator.ids(), 20, "all is gone")
    assert operator.queue("list") == "The queue is empty.\n"


def test_reroute_and_back(operator, waiting, next_hops):
    relay = next_hops()
    operator.queue("hold", "--domain", "near.example")
    said = operator.queue("reroute", "--domain", "near.example", "--to", f"127.0.0.1:{relay.port}", "--limit", status=2)
    assert "limit" in said
    assert "rerouted.\n" in operator.queue("reroute", "--domain", "near.example", "--to", f"127.0.0.1:{relay.port}")
    operator.queue("reroute", "--default", "--sender", "<>")
    operator.queue("release", "--domain", "near.example")
    wait_until(lambda: relay.recipients() == [NEAR, NEAR], 20, "the others went by the relay")
    assert len(operator.ids("--domain", "near.example")) == 1


def test_pause_and_resume(operator, waiting):
    name = f"smtp:127.0.0.1:{waiting.hop.port}"
    assert name in operator.queue("pause", "far.example", status=1)
    assert f"{name} is paused" in operator.queue("pause", name)
    far = the_far_one(operator)
    said = operator.queue("retry", far)
    assert f"{name} is paused by an operator: nothing is tried there until `veredus queue resume {name}`." in said
    assert f"{name} is paused by an operator" in operator.queue("list", far)
    assert "is paused by an operator" in operator.queue("why", far)
    assert "paused by an operator" in operator.queue("destinations")
    assert "Nothing waits for it" in operator.queue("pause", "typo.example")
    waiting.stop()
    waiting.start()
    (view,) = [entry for entry in operator.json("queue", "destinations") if entry["destination"] == name]
    assert view["paused"] is True
    operator.queue("resume", name)
    wait_until(lambda: "after 2 attempts" in operator.queue("list", far), 20, "it is tried again")


def test_destinations(operator, waiting):
    by_name = {entry["destination"]: entry for entry in operator.json("queue", "destinations")}
    near = by_name[f"smtp:127.0.0.1:{waiting.near}"]
    assert near["messages"] == 3 and near["left_alone_until"] and "4.4.1" in near["last_error"]
    said = operator.queue("destinations")
    assert "left alone until" in said and "connections" in said


@pytest.mark.parametrize("subject", [FAR, "me@client.example", "<one@client.example>", "one@client.example"])
def test_trace_finds_a_message_by(operator, subject):
    far = the_far_one(operator)
    (story,) = operator.json("trace", subject, "--since", "2h")
    assert story["id"] == far and story["in_queue"] is True
    assert [event["event"] for event in story["events"]] == ["accepted", "attempt"]
    said = operator.types("trace", subject)
    for part in (f"{far}  from <me@client.example> to <you@far.example>, ", "+0.0 s", "accepted from 127.0.0.1:",
                 "deferred, next 20", "said: 451 4.7.1 try later", "  now   ", "It waits for its next attempt"):
        assert part in said, said


def test_trace_says_what_it_does_not_know(operator):
    assert "nothing is known of 01J8XK3F2Q7RM" in operator.types("trace", "01J8XK3F2Q7RM", status=1)
    assert "neither a queue id" in operator.types("trace", "far.example", status=2)
    assert "--since: expected a duration" in operator.types("trace", FAR, "--since", "soon", status=2)


@pytest.mark.parametrize("words, part", [
    (("retry",), "say which messages"), (("remove",), "say which messages"), (("hold", "nonsense"), "is not a queue id"),
    (("hold", "--all", "--domain", "x.example"), "leave out"), (("list", "--state", "lost"), "--state: expected pending"),
    (("list", "--older-than", "soon"), "--older-than: expected a duration"), (("list", "--limit", "0"), "--limit"),
    (("list", "--larger-than", "big"), "--larger-than: expected a size"), (("reroute", "--all"), "--to host:port"),
    (("reroute", "--all", "--to", "a", "--default"), "--default"), (("why",), "subject"), (("pause",), "destination"),
    (("show", "x"), "is not a queue id"), (("dance",), "dance")])
def test_wrong_use_is_told(operator, words, part):
    assert part in operator.queue(*words, status=2)
    assert len(operator.ids()) == 4


def test_orders_by_id_complain_of_what_is_missing(operator):
    far = the_far_one(operator)
    done = operator.server.command("queue", "hold", far, "01J8XK3F2Q7RM", "--config", str(operator.server.config))
    assert done.returncode == 1
    assert done.stdout == b"1 message (1 recipient) held.\n"
    assert b"01J8XK3F2Q7RM is not in the queue" in done.stderr


def test_two_hundred_messages_with_progress(operator, waiting):
    with waiting.connect() as client:
        client.greet()
        for number in range(200):
            assert client.deliver("bulk@client.example", f"u{number}@near.example", mails.mail(f"bulk {number}")).code == 250
    wait_until(lambda: len(operator.ids("--sender", "bulk@*")) == 200, 20, "they are queued")
    listed = operator.queue("hold", "--sender", "bulk@client.example", "--recipient", "u1*@near.example", "--dry-run")
    assert listed.count("from <bulk@client.example>") == 111 and "111 messages (111 recipients) would be held." in listed
    master, terminal = pty.openpty()
    done = subprocess.run([waiting.program, "queue", "hold", "--sender", "bulk@*", "--config", waiting.config],
                          stdout=subprocess.PIPE, stderr=terminal, timeout=60, check=False)
    os.close(terminal)
    os.close(master)
    assert done.stdout == b"200 messages (200 recipients) held.\n"
    assert "200 messages (200 recipients) removed." in operator.queue("remove", "--state", "held")
    assert len(operator.ids()) == 4


def as_named(server, folder: Path, name: str, *arguments: str) -> subprocess.CompletedProcess:
    link = folder / name
    if not link.exists():
        link.symlink_to(server.program)
    return subprocess.run([link, *arguments], capture_output=True, timeout=30, check=False,
                          env={**os.environ, "VEREDUS_CONFIG": str(server.config)})


def test_mailq_prints_what_scripts_parse(operator, waiting):
    operator.queue("hold", "--sender", "<>")
    for name, arguments in [("mailq", ()), ("sendmail", ("-bp",))]:
        said = as_named(waiting, waiting.folder, name, *arguments).stdout.decode()
        lines = said.splitlines()
        assert lines[0] == "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------"
        assert re.fullmatch(r"-- \d+ Kbytes in 4 Requests\.", lines[-1])
        entries = re.findall(r"^([0-9A-Z]{13})([ !]) +(\d+) \w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d  (\S+)$", said, re.MULTILINE)
        assert [(entry[1], entry[3]) for entry in entries] == [
            (" ", "me@client.example"), ("!", "MAILER-DAEMON"), (" ", "other@client.example"),
            (" ", "other@client.example")]
        assert f"{'':41}{FAR}" in lines
        assert any(line.strip().endswith("said: 451 4.7.1 try later)") for line in lines)
    operator.queue("remove", "--all")
    wait_until(lambda: not operator.ids(), 20, "all is gone")
    assert as_named(waiting, waiting.folder, "mailq").stdout == b"Mail queue is empty\n"


def test_sendmail_q_tries_everything(operator, waiting):
    done = as_named(waiting, waiting.folder, "sendmail", "-q")
    assert (done.returncode, done.stdout) == (0, b"")
    wait_until(lambda: "after 2 attempts" in operator.queue("list", the_far_one(operator)), 20, "it was tried again")


@pytest.mark.parametrize(("arguments", "status"), [((), 64), (("-t",), 65), (("-bp", "-x"), 64)])
def test_sendmail_says_what_is_wrong_as_sysexits_do(waiting, arguments, status):
    done = as_named(waiting, waiting.folder, "sendmail", *arguments)
    assert done.returncode == status
    assert done.stderr.startswith(b"sendmail: ")


def test_only_the_server_s_user_may_ask(operator, waiting):
    control = waiting.folder / "storage" / "control"
    status = control.stat()
    assert stat.S_ISSOCK(status.st_mode)
    assert stat.S_IMODE(status.st_mode) & 0o077 == 0
    assert stat.S_IMODE(control.parent.stat().st_mode) & 0o077 == 0
    if os.geteuid() != 0:
        return
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", waiting.program, "queue", "list", "--config",
                           waiting.config], capture_output=True, timeout=60, check=False)
    assert done.returncode != 0
    assert not done.stdout


@pytest.mark.parametrize("words", ["queue list", "queue count", "queue show", "queue cat", "queue why", "queue retry",
                                   "queue hold", "queue release", "queue remove", "queue bounce", "queue reroute",
                                   "queue destinations", "queue pause", "queue resume", "trace"])
def test_help(program, words):
    done = subprocess.run([program, *words.split(), "--help"], capture_output=True, timeout=20, check=False)
    assert done.returncode == 0
    assert b"--json" in done.stdout


def test_bounces_that_an_order_makes_are_not_meant_by_it(start_veredus):
    """The senders are behind a next hop that is closed: their bounces wait there, and are no part of the order."""
    server = start_veredus(smart_host=f"127.0.0.1:{free_port()}", retry_min="1h", retry_max="1h")
    for number in range(3):
        server.send("me@client.example", FAR, mails.mail(f"mail {number}"))
    wait_until(lambda: [entry["recipients"][0]["state"] for entry in server.queue()] == ["deferred"] * 3, 20,
               "all are deferred")
    said = Operator(server).queue("bounce", "--all")
    assert said == "3 messages (3 recipients) given up, and their senders told.\n"
    wait_until(lambda: len(server.queue()) == 3 and not server.queue_shows(FAR), 20, "three bounces wait",
               lambda: str(server.queue()))
