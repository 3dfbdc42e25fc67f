"""Where the test peers live. Everything is below build/peers/, which may be deleted at any time."""

from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PEERS = REPOSITORY / "build" / "peers"
ROOT = PEERS / "root"  # The small root file system the peers run in.
RUN = PEERS / "run"  # A link to ROOT/srv: one folder a running peer, with its configuration and log.
NODE = PEERS / "node"  # nodemailer, from npm.
NODE_LOCK = REPOSITORY / "tests" / "interop" / "node"
ZONES = REPOSITORY / "tests" / "interop" / "zones"

INSIDE_RUN = "/srv"  # RUN as a process inside ROOT names it.


class PeerError(Exception):
    """A peer can't be prepared or started; the text says why and what to do."""
