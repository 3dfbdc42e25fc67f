"""250 never precedes the flush (RFC 5321 §6.1): the server's own system calls, as strace saw them,
show each acknowledged message whole in a journal that was flushed before the reply began to go out."""

import random
import threading
from pathlib import Path

import pytest
from conftest import unavailable
from harness import mails, syscalls
from harness.config import DOMAIN
from harness.journal import Kept, is_journal, kept_messages
from harness.raw_client import RawClient
from harness.syscalls import NAMES, Trace
from harness.veredus import Veredus

SESSIONS, ROUNDS = 8, 12
LARGE_SESSIONS = 2
LARGE_OCTETS = 3_000_000  # More than accept.memory_bytes_max: written to disk while it comes in.
SMALL_OCTETS_MAX = 100_000
STORAGE_MEMORY = "8MiB"  # So little that a journal file is full within a large message.
MAILBOX = f"you@{DOMAIN}"
QUEUED = rb"250 2\.0\.0 Queued as (\w{13})\r\n"


@pytest.fixture
def program(program: Path, tmp_path: Path) -> Path:
    """In place of the program of all other tests: the same, traced."""
    if reason := syscalls.why_not():
        unavailable(reason)
    return syscalls.traced(program, tmp_path / "trace")


class Senders:
    """Sessions that stay open. They begin each round together, so that they share flushes; some send
    one mail that is too large for that in between."""

    def __init__(self, port: int):
        self.acknowledged: dict[str, bytes] = {}  # By queue id.
        self._port = port
        self._together = threading.Barrier(SESSIONS, timeout=30)
        self._problems: list[BaseException] = []

    def run(self) -> dict[str, bytes]:
        threads = [threading.Thread(target=self._send_all, args=(number,)) for number in range(SESSIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not self._problems, self._problems[0]
        return self.acknowledged

    def _send_all(self, number: int) -> None:
        sizes = random.Random(number)
        try:
            with RawClient(self._port) as client:
                client.greet()
                for round_number in range(ROUNDS):
                    self._together.wait()
                    if round_number == 2 and number < LARGE_SESSIONS:
                        self._send(client, LARGE_OCTETS)
                    self._send(client, min(int(200 * sizes.paretovariate(0.6)), SMALL_OCTETS_MAX))
        except BaseException as problem:
            self._problems.append(problem)
            self._together.abort()

    def _send(self, client: RawClient, octets: int) -> None:
        line = f"{mails.token()} {'x' * 40}\r\n"
        message = mails.mail("flush order", line * (octets // len(line) + 1))
        reply = client.deliver("me@client.example", MAILBOX, message)
        assert reply.code == 250, str(reply)
        self.acknowledged[reply.text.rsplit(" ", 1)[1]] = message


def run_traced(server: Veredus) -> tuple[Trace, dict[str, bytes]]:
    """Mail through the server until its queue is empty, and its end."""
    assert "seccomp=yes" in server.log_lines("event=process_secured")[0]
    acknowledged = Senders(server.port).run()
    server.wait_for_mails(len(acknowledged), MAILBOX)
    server.wait_for_empty_queue()
    server.stop()
    return Trace.of(server.folder.parent / "trace", server.pid), acknowledged


def unsafe_replies(trace: Trace, kept: dict[str, Kept], sent: dict[str, bytes]) -> list[str]:
    """Each 250 that went out too early, and why."""
    replies = [(text.decode(), call) for text, call in trace.replies(QUEUED)]
    assert sorted(queue_id for queue_id, _ in replies) == sorted(sent)
    found = []
    for queue_id, call in replies:
        message = kept.get(queue_id, Kept())
        why = message.why_unsafe(call.began) or mails.below_trace(b"".join(message.parts), sent[queue_id])
        found += [f"{queue_id} at {call.at}: {why}"] if why else []
    return found


def is_draft(file: str) -> bool:
    return "/mail/" in file and Path(file).parent.name == "tmp"


def unsafe_removals(trace: Trace, kept: dict[str, Kept], sent: dict[str, bytes]) -> list[str]:
    """Each message that left the queue before its file in the mailbox was safe, and why."""
    shown = {call.file: call for call in trace.calls if call.name in NAMES and "/new/" in call.file}
    drafts = list(trace.writes(is_draft).values())
    found = []
    for queue_id, message in sent.items():
        name = next(call for file, call in shown.items() if f".V{queue_id}R" in file)
        # A draft without a name is known by our trace field, at its top.
        draft = next(writes for writes in drafts if f" id {queue_id}".encode() in writes[0].data)
        flushed = [trace.when_flushed(call) for call in draft]
        named = trace.when_flushed(name, str(Path(name.file).parent))
        erase_began = kept[queue_id].erase_began
        stored = b"".join(call.data[:call.result] for call in draft)
        assert erase_began is not None
        if any(moment is None or moment >= name.began for moment in flushed):
            found.append(f"{queue_id}: shown in the mailbox before its octets were flushed")
        if named is None or named >= erase_began:
            found.append(f"{queue_id}: taken out of the queue before its name in the mailbox was flushed")
        found += [f"{queue_id}: {why}" for why in [mails.below_trace(stored, message)] if why]
    return found


def test_no_250_before_the_flush(start_veredus):
    server = start_veredus(more={"storage": {"memory_bytes": STORAGE_MEMORY}})
    trace, acknowledged = run_traced(server)
    kept = kept_messages(trace)
    assert unsafe_replies(trace, kept, acknowledged) == []
    assert unsafe_removals(trace, kept, acknowledged) == []
    # The second check can fail too: had the mailbox not been flushed, every removal would be found.
    for chosen in (is_draft, lambda file: file.endswith("/new")):
        assert len(unsafe_removals(trace.without_flushes_of(chosen), kept, acknowledged)) == len(acknowledged)
    # What this is meant to hold for was there: shared flushes, large mail, more than one file.
    assert len({max(kept[queue_id].flushed) for queue_id in acknowledged}) < len(acknowledged)
    assert max(len(kept[queue_id].parts) for queue_id in acknowledged) > 10
    folder_flushes = [call for call in trace.calls if call.name == "fsync" and call.file.endswith("/new")]
    assert 0 < len(folder_flushes) < len(acknowledged)
    assert len(trace.writes(is_journal)) > 1


def test_without_sync_the_same_check_finds_every_250_unsafe(start_veredus):
    server = start_veredus(more={"storage": {"sync": False}})
    trace, acknowledged = run_traced(server)
    assert len(unsafe_replies(trace, kept_messages(trace), acknowledged)) == len(acknowledged)


LOG = "3</s/000000000004.journal>"
WRITTEN = [f'10 1.000001 write({LOG}, "abc", 3) = 3 <0.1>']


@pytest.mark.parametrize(("lines", "flushed"), [
    ([*WRITTEN, f"10 1.2 fdatasync({LOG}) = 0 <0.1>"], 1),
    ([*WRITTEN, f"10 1.2 fsync({LOG} <unfinished ...>", "11 1.3 --- SIGHUP {} ---",
      "10 1.4 <... fsync resumed>) = 0 <0.1>"], 3),
    (WRITTEN, None),
    ([*WRITTEN, f"10 1.2 fdatasync({LOG}) = -1 EIO (Input/output error) <0.1>"], None),
    ([*WRITTEN, f"10 1.2 fdatasync({LOG} <unfinished ...>"], None),
    ([*WRITTEN, "10 1.2 fdatasync(4</s/000000000005.journal>) = 0 <0.1>"], None),
    ([*WRITTEN, f"10 1.2 sync_file_range({LOG}, 0, 3, SYNC_FILE_RANGE_WRITE) = 0 <0.1>"], None),
    ([f"10 1.2 fdatasync({LOG}) = 0 <0.1>", *WRITTEN], None),
    # Begun before the write had ended: it may have looked before.
    ([f'10 1.1 write({LOG}, "abc", 3 <unfinished ...>', f"11 1.2 fdatasync({LOG} <unfinished ...>",
      "10 1.3 <... write resumed>) = 3 <0.1>", "11 1.4 <... fdatasync resumed>) = 0 <0.1>"], None),
    ([f'10 1.1 write({LOG}, "abc", 3 <unfinished ...>', f"11 1.2 fdatasync({LOG} <unfinished ...>",
      "10 1.3 <... write resumed>) = 3 <0.1>", f"12 1.3 fdatasync({LOG}) = 0 <0.1>",
      "11 1.4 <... fdatasync resumed>) = 0 <0.1>"], 3),
])
def test_what_counts_as_flushed(lines, flushed):
    trace = Trace("\n".join(lines))
    [written] = trace.writes(is_journal).popitem()[1]
    assert written.data == b"abc"
    assert trace.when_flushed(written) == flushed
