"""Under which conditions figures were found: what a reader has to know to judge them."""

import os
import platform
import subprocess
from datetime import date
from pathlib import Path

from accounts import open_account
from bench import Bench
from paths import REPOSITORY


def of_machine() -> dict[str, str]:
    return {
        "commit": _commit(),
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores ({_processor()}), shared with generator and sink; "
                   f"Linux {platform.release()}",
    }


def of_run(bench: Bench) -> dict[str, str]:
    options = bench.options
    account = open_account(f"veredus-bench-{os.getpid()}")
    source = account.source
    account.close()
    return of_machine() | {
        "disk": _file_system(bench.folder),
        "load": f"{options.messages:,} messages of {options.octets:,} octets a run where the table says nothing else, "
                f"{options.sessions} sessions, rounds: {options.rounds}, servers in turn, a fresh folder for each run; "
                "a run whose messages are not as many at its end gives no figure, and one that is checked message "
                "by message must lose and double none",
        "CPU and memory": f"of all processes of the server, CPU by {source}",
    } | {kind.name: kind.version() for kind in bench.kinds}


def _commit() -> str:
    """Of the tree whose build is measured."""
    done = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--dirty", "--exclude=*"], capture_output=True,
                          text=True, check=False)
    return done.stdout.strip() or "not known"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def _file_system(folder: Path) -> str:
    done = subprocess.run(["df", "--output=source,fstype", folder], capture_output=True, text=True, check=True)
    source, kind = done.stdout.splitlines()[1].split()
    if not kind.startswith("ext"):
        return f"{kind} on {source}"
    journals = Path("/proc/fs/jbd2").glob(f"{Path(source).name}-*")
    return f"{kind} on {source}, {'with' if any(journals) else 'without'} a journal"
