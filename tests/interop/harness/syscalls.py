"""What a server asked of the kernel, in the order in which strace saw it: when each system call
began, when it had ended, and from when on a write would have survived a power cut."""

import bisect
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .waiting import wait_until

# What brings octets, names or replies out of the process.
CALLS = ("openat", "write", "pwrite64", "writev", "pwritev", "pwritev2", "fdatasync", "fsync", "sync_file_range",
         "sendto", "sendmsg", "rename", "renameat", "renameat2", "linkat")
WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2"}
FLUSHES = {"fdatasync", "fsync"}  # sync_file_range is none: it writes neither sizes nor the disk's own cache.
NAMES = {"rename", "renameat", "renameat2", "linkat"}  # What gives a file a name.
SENDS = {"write", "writev", "sendto", "sendmsg"}
OCTETS_MAX = 1 << 20  # Of one call; the storage writes at most this much at once.

_EVENT = re.compile(r"(\d+) +([\d.]+) (?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)")
_RESULT = re.compile(r".*\) += (-?\d+|\?)")
_TEXT = re.compile(r'"((?:[^"\\]+|\\.)*)"(\.\.\.)?')
_DESCRIPTOR = re.compile(r"-?\w+<((?:[^<>\\]+|\\.)*)>")


@dataclass
class Call:
    name: str
    file: str  # Path of the descriptor; what openat, rename and link made.
    source: str  # What rename took away, and link added to.
    data: bytes
    began: int  # Its place among all events of the trace: as strace saw them, so as they depend on each other.
    at: str  # The time when it began, for people.
    ended: int | None = None  # Nothing: it never did.
    result: int = -1

    def __str__(self) -> str:
        return f"{self.at} {self.name} {self.file}"


def why_not() -> str:
    """Why nothing can be traced here; empty if it can."""
    if shutil.which("strace") is None:
        return "strace is not installed; run tools/setup"
    done = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, text=True, check=False)
    return f"strace may not trace here: {done.stderr.strip()}" if done.returncode else ""


def traced(program: Path, trace: Path) -> Path:
    """A program to start in place of `program`, which is traced while it serves. The tracer is
    neither its parent nor in its way: process id, signals and exit status are the server's own."""
    script = trace.with_name("traced-veredus")
    script.write_text(f"""#!/bin/sh
[ "$1" = serve ] || exec "{program}" "$@"
export ASAN_OPTIONS=detect_leaks=0  # That would have to trace what is traced already.
exec strace -D -f --seccomp-bpf -ttt -T -y -s {OCTETS_MAX} -o "{trace}" -e trace={",".join(CALLS)} "{program}" "$@"
""")
    script.chmod(0o755)
    return script


class Trace:
    def __init__(self, text: str):
        self.calls: list[Call] = []
        under_way: dict[str, Call] = {}
        for place, line in enumerate(text.splitlines()):
            event = _EVENT.fullmatch(line)
            if event is None:
                continue  # A signal, or the end of a thread.
            thread, at, resumed, name, rest = event.groups()
            if resumed:
                call = under_way.pop(thread)
                assert call.name == resumed, line[:200]
            else:
                call = _call(name, rest, place, at)
                self.calls.append(call)
            if rest.endswith("<unfinished ...>"):
                under_way[thread] = call
            elif result := _RESULT.match(rest[-200:]):
                call.ended = place
                call.result = -1 if result.group(1) == "?" else int(result.group(1))
        self._flushes: dict[str, tuple[list[int], list[int]]] = {}

    @classmethod
    def of(cls, path: Path, pid: int) -> "Trace":
        """Of a process that has ended; waits for the tracer's last word."""
        end = re.compile(rf"^{pid} .*\+\+\+ (exited|killed) .*\+\+\+\n\Z", re.MULTILINE)
        def tail() -> str:
            with path.open("rb") as file:
                file.seek(max(path.stat().st_size - 300, 0))
                return file.read().decode()
        wait_until(lambda: end.search(tail()), 20, "the trace is complete", tail)
        return cls(path.read_text())

    def without_flushes_of(self, chosen: Callable[[str], bool]) -> "Trace":
        """The same, as if no such file had ever been flushed: for tests of checks."""
        other = Trace("")
        other.calls = [call for call in self.calls if call.name not in FLUSHES or not chosen(call.file)]
        return other

    def writes(self, wanted: Callable[[str], bool]) -> dict[str, list[Call]]:
        """All that was written to each file that is wanted, in order."""
        files: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.name in WRITES and call.result > 0 and wanted(call.file):
                files.setdefault(call.file, []).append(call)
        return files

    def replies(self, pattern: bytes) -> list[tuple[bytes, Call]]:
        """What the pattern's group found in what was sent to clients."""
        sent = [call for call in self.calls if call.name in SENDS and call.file.startswith("socket:")]
        return [(text, call) for call in sent for text in re.findall(pattern, call.data)]

    def when_flushed(self, call: Call, file: str = "") -> int | None:
        """The end of the first flush of the call's file (or of `file`) that began after the call had
        ended; nothing when there was none."""
        if call.ended is None:
            return None
        began, done = self._flushes_of(file or call.file)
        after = bisect.bisect_right(began, call.ended)
        return done[after] if after < len(done) else None

    def _flushes_of(self, file: str) -> tuple[list[int], list[int]]:
        """When each flush of a file began, and from when on what was written before then is safe."""
        if file not in self._flushes:
            good = [call for call in self.calls
                    if call.name in FLUSHES and call.file == file and call.ended is not None and call.result == 0]
            done = [call.ended for call in good]
            for at in range(len(done) - 2, -1, -1):  # One that began later may have ended earlier.
                done[at] = min(done[at], done[at + 1])
            self._flushes[file] = [call.began for call in good], done
        return self._flushes[file]


def _call(name: str, rest: str, place: int, at: str) -> Call:
    texts = _TEXT.findall(rest)
    assert not any(cut for _, cut in texts), f"a {name} of more than {OCTETS_MAX} octets; raise OCTETS_MAX"
    octets = [_octets(text) for text, _ in texts]
    if name == "openat" or name in NAMES:
        return Call(name, octets[-1].decode(), octets[0].decode(), b"", place, at)
    descriptor = _DESCRIPTOR.match(rest)
    file = _octets(descriptor.group(1)).decode() if descriptor else ""
    return Call(name, file, "", b"".join(octets), place, at)


def _octets(text: str) -> bytes:
    """strace writes strings as C does, and so does Python."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")
