"""fail2ban with our filter, as it reads a log of ours."""

import os
import shutil
from dataclasses import dataclass

from peer_daemon import Peer, run_inside
from peer_paths import REPOSITORY

FILTER = REPOSITORY / "packaging" / "fail2ban" / "veredus.conf"


@dataclass(frozen=True)
class Found:
    address: str
    time: float  # Since 1970.


def found_in(log: str) -> list[Found]:
    """Each failure that fail2ban sees in a log, or in a line as the journal gives it, in their order."""
    peer = Peer(f"test-{os.getpid()}-fail2ban")
    folder = peer.fresh_folder()
    shutil.copy(FILTER, folder)
    (folder / "log").write_text(log)
    what = f"{peer.inside_folder}/log" if "\n" in log else log
    done = run_inside("/usr/bin/fail2ban-regex", "--out", "<ip> <time>", what, f"{peer.inside_folder}/{FILTER.name}")
    shutil.rmtree(folder)
    assert done.returncode == 0, done.stdout
    lines = [line.split() for line in done.stdout.splitlines()]
    assert all(len(line) == 2 for line in lines), done.stdout
    return [Found(address, float(time)) for address, time in lines]
