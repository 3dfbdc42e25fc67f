"""What a failing test shows besides its assertion: the end of every log of what it started."""

from collections.abc import Callable
from pathlib import Path

_tails: list[Callable[[], str]] = []


def show_on_failure(tail: Callable[[], str]) -> None:
    _tails.append(tail)


def forget() -> None:
    _tails.clear()


def all_tails() -> str:
    return "\n".join(text for text in (tail() for tail in _tails) if text)


def file_tail(path: Path, lines: int = 40) -> str:
    if not path.exists():
        return f"--- {path.name}: not written"
    return "\n".join([f"--- {path.name}", *path.read_text(errors="replace").splitlines()[-lines:]])
