"""NSD, the authoritative name server. A zone without a file is answered with SERVFAIL."""

from peer_daemon import Peer
from peer_paths import ZONES

SERVER = """\
server:
  ip-address: 127.0.0.1@{port}
  port: {port}
  username: ""
  chroot: ""
  zonesdir: "{here}"
  database: ""
  pidfile: "{here}/nsd.pid"
  xfrdfile: "{here}/xfrd.state"
  zonelistfile: "{here}/zone.list"
  logfile: "{here}/nsd.log"
  server-count: 1
  hide-version: yes
  minimal-responses: yes
remote-control:
  control-enable: no
"""
ZONE = """\
zone:
  name: "{zone}"
  zonefile: "{zone}.zone"
"""


def make(name: str, port: int, zones: dict[str, str | None]) -> Peer:
    """`zones` maps a zone's name to the text of its file, or to None for a broken zone."""
    peer = Peer(name, port, logs=["nsd.log", "output.log"])
    folder, here = peer.fresh_folder(), peer.inside_folder
    for zone, text in zones.items():
        if text is not None:
            (folder / f"{zone}.zone").write_text(text)
    parts = [SERVER.format(port=port, here=here), *(ZONE.format(zone=zone) for zone in zones)]
    (folder / "nsd.conf").write_text("".join(parts))
    peer.command = ["/usr/sbin/nsd", "-d", "-c", f"{here}/nsd.conf"]
    return peer


def test_zones() -> dict[str, str | None]:
    """The zones of tests/interop/zones, and one that is broken."""
    zones: dict[str, str | None] = {path.stem: path.read_text() for path in sorted(ZONES.glob("*.zone"))}
    return zones | {"servfail.example": None}
