"""Where things are; importing this makes the peers' and the interop tests' helpers importable."""

import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
RELEASE = REPOSITORY / "build" / "release"
DOCS = REPOSITORY / "docs"  # performance.md and performance/ in it are ours.

sys.dont_write_bytecode = True
sys.path[:0] = [str(REPOSITORY / "tools" / "peers.d"), str(REPOSITORY / "tests" / "interop")]
