"""How often a disk was told to write out what it has in its own memory, as the kernel counts it.

It counts for all of the machine, which has nothing else to do, and disturbs nobody. A tracer would:
it makes a server of several threads so slow that hardly any messages share a flush any more. Several
processes that flush at the same time may be served by one flush of the disk.
"""

import os
from pathlib import Path

FLUSHES = 15  # Its place among the numbers of the kernel's Documentation/block/stat.rst; since Linux 5.5.


class Disk:
    """The one that `folder` is on. Network file systems and the like have none."""

    def __init__(self, folder: Path, devices: Path = Path("/sys/dev/block")):
        number = os.stat(folder).st_dev
        device = (devices / f"{os.major(number)}:{os.minor(number)}").resolve()
        # Flushes are those of a whole disk.
        self._counts = (device.parent if (device / "partition").exists() else device) / "stat"

    def flushes(self) -> int | None:
        """Since the machine started; None where nobody counts them."""
        try:
            return int(self._counts.read_text().split()[FLUSHES])
        except (OSError, IndexError):
            return None
