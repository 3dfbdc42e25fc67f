"""A wall clock that a test sets for one Veredus, at its start or while it runs: hours and days
without waiting for them."""

import shutil
import struct
import subprocess
from pathlib import Path

SOURCE = Path(__file__).with_name("clock_shift.c")


def why_not() -> str:
    """Why there is no such clock here, or nothing."""
    return "" if shutil.which("cc") else "no C compiler (cc) to build harness/clock_shift.c with"


class Clock:
    """Give `environment` to a Veredus. Its clock is then that of the machine, plus every jump."""

    def __init__(self, folder: Path):
        self._seconds = 0
        self._file = folder / "clock"
        self._file.write_bytes(struct.pack("=q", 0))
        library = folder / "clock_shift.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE], check=True)
        self.environment = {"LD_PRELOAD": str(library), "CLOCK_SHIFT": str(self._file)}

    def jump(self, *, hours: float) -> None:
        """Takes effect at once."""
        self._seconds += int(hours * 3600)
        with open(self._file, "r+b") as file:
            file.write(struct.pack("=q", self._seconds))
