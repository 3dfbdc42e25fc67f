"""Clocks that a test sets for one Veredus, at its start or while it runs: hours and days without
waiting for them."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_shift.c")


def why_not() -> str:
    """Why there is no such clock here, or nothing."""
    return "" if shutil.which("cc") else "no C compiler (cc) to build harness/clock_shift.c with"


class Clock:
    """Give `environment` to a Veredus. Its wall clock is then that of the machine, plus every jump."""

    def __init__(self, folder: Path):
        self._seconds = self._steady_seconds = 0
        self._file = folder / "clock"
        self._file.write_bytes(bytes(2 * 8))
        library = folder / "clock_shift.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self._file)}

    def jump(self, *, hours: float) -> None:
        """The wall clock; takes effect at once."""
        self._seconds += int(hours * 3600)
        self._write()

    def pass_time(self, *, seconds: int) -> None:
        """As if so much time had passed; pauses and deadlines that end with it are noticed when the process
        wakes up next, within two seconds."""
        self._seconds += seconds
        self._steady_seconds += seconds
        self._write()

    def _write(self) -> None:
        with open(self._file, "r+b") as file:
            file.write(struct.pack("=qq", self._seconds, self._steady_seconds))
