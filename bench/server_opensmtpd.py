"""OpenSMTPD, with its limits on connections and its waits between them taken off."""

import os
import shutil
from pathlib import Path

import paths  # noqa: F401
from peer_daemon import Peer, run_inside
from peer_paths import ROOT
from peer_root import USERS
from server import LOCAL_RECIPIENT, NOWHERE_PORT, Kind, PeerServer, Site

NAME = "OpenSMTPD"
SPOOL = ROOT / "var/spool/smtpd"  # Compiled in.
CONTROL = ["/usr/sbin/smtpctl"]
CONFIGURATION = """\
smtp limit max-mails 1000000
smtp limit max-rcpt 1000
mta limit max-conn-per-host 40
mta limit max-conn-per-route 40
mta limit max-conn-per-relay 40
mta limit max-conn-per-domain 40
mta limit max-conn-per-connector 40
mta limit max-conn-per-source 40
mta limit conn-delay-host 0
mta limit conn-delay-source 0
mta limit conn-delay-connector 0
mta limit conn-delay-relay 0
mta limit conn-delay-domain 0
mta limit reconn-delay-route 0
mta limit session-mail-max 100000
mta limit task-hiwat 5000
mta limit task-lowat 2000
scheduler limit max-inflight 20000
scheduler limit max-schedule 1000
listen on 127.0.0.1 port {port} hostname opensmtpd.example
table users {{ "you" = "{vmail}:{vmail}:{here}/mail" }}
table everybody {{ "@" = "you" }}
action "relay" relay host "smtp://127.0.0.1:{next_hop_port}" helo opensmtpd.example
action "maildir" maildir "{here}/mail" userbase <users> virtual <everybody>
match from any for domain "{local_domain}" action "maildir"
match from any for any action "relay"
"""


class OpenSmtpd(PeerServer):
    """One at a time: the spool's name is compiled in, and becomes a link to the folder's own."""

    def __init__(self, folder: Path, site: Site):
        super().__init__(NAME, folder, lambda name, port: _make(name, port, site))
        self._holds = site.holds

    def start(self) -> "OpenSmtpd":
        super().start()
        if self._holds:
            run_inside(*CONTROL, "pause", "mta")
        return self

    def stop(self) -> None:
        super().stop()
        SPOOL.unlink(missing_ok=True)

    def waiting_messages(self) -> int:
        return sum(1 for _ in (self.peer.folder / "spool" / "queue").glob("*/*"))

    def maildir(self) -> Path:
        return self.peer.folder / "mail"


def version() -> str:
    return run_inside("/usr/sbin/smtpd", "-h").stdout.split()[2]


def _make(name: str, port: int, site: Site) -> Peer:
    peer = Peer(name, port)
    folder, here = peer.fresh_folder(), peer.inside_folder
    vmail = dict(USERS)["vmail"]
    (folder / "spool").mkdir(mode=0o711)
    (folder / "mail").mkdir()
    shutil.chown(folder / "mail", vmail, vmail)
    SPOOL.unlink(missing_ok=True)
    SPOOL.symlink_to(f"{here}/spool")
    (folder / "smtpd.conf").write_text(CONFIGURATION.format(
        here=here, port=port, vmail=vmail, local_domain=LOCAL_RECIPIENT.split("@")[1],
        next_hop_port=site.next_hop_port or NOWHERE_PORT))
    os.chmod(folder / "smtpd.conf", 0o600)
    peer.command = ["/usr/sbin/smtpd", "-d", "-f", f"{here}/smtpd.conf"]
    return peer


# It sends about fifty messages a second, and five connections at a time may wait to be accepted.
OPENSMTPD = Kind(NAME, OpenSmtpd, version, can=lambda site: not (site.papers or site.destinations), shares={
    "relay": 0.03, "relay_reconnect": 0.01, "maildir": 0.3, "relay_100k": 0.03, "latency": 0, "load_check": 0})
