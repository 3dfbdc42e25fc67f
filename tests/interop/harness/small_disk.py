"""A small file system of its own that fills up: ext4 in a file, mounted by a loop device; where
that is not allowed, a tmpfs of limited size."""

import os
import subprocess
from pathlib import Path


class SmallDisk:
    """Mounted from construction to unmount(). `kind` says which it is."""

    def __init__(self, folder: Path, mebibytes: int):
        self.root = folder / "disk"
        self.root.mkdir(parents=True)
        self._image = folder / "disk.img"
        self.kind = "ext4" if self._mount_ext4(mebibytes) else "tmpfs"
        if self.kind == "tmpfs":
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", self.root], check=True,
                           capture_output=True)

    def free_bytes(self) -> int:
        volume = os.statvfs(self.root)
        return volume.f_bavail * volume.f_frsize

    def put_ballast(self, leave_bytes: int) -> None:
        """A file that leaves so much room."""
        size = max(self.free_bytes() - leave_bytes, 0)
        with open(self.root / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, size)

    def remove_ballast(self) -> None:
        (self.root / "ballast").unlink()

    def unmount(self) -> None:
        subprocess.run(["umount", self.root], check=True, capture_output=True)

    def _mount_ext4(self, mebibytes: int) -> bool:
        with open(self._image, "wb") as image:
            image.truncate(mebibytes * 1024 * 1024)
        commands = [["mkfs.ext4", "-q", "-F", "-m", "0", self._image], ["mount", "-o", "loop", self._image, self.root]]
        try:
            return all(subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in commands)
        except FileNotFoundError:
            return False
