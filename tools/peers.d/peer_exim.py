"""Exim behind Veredus: accepts mail for any domain and puts it into one Maildir."""

import shutil

from peer_daemon import Peer
from peer_paths import ROOT
from peer_root import USERS

CONFIGURATION = """\
spool_directory = {here}/spool
log_file_path = {here}/%slog
pid_file_path = {here}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
primary_hostname = exim.example
disable_ipv6 = true
keep_environment =
acl_smtp_rcpt = accept
acl_smtp_data = accept
never_users =
smtp_accept_max = 100
deliver_drop_privilege = true
begin routers
everybody:
  driver = accept
  transport = maildir
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = {here}/mail
  create_directory = true
  user = Debian-exim
"""


def make(name: str, port: int) -> Peer:
    """The Maildir is `peer.folder / "mail"`."""
    peer = Peer(name, port, logs=["mainlog", "rejectlog", "paniclog", "output.log"])
    folder, here = peer.fresh_folder(), peer.inside_folder
    exim = dict(USERS)["Debian-exim"]
    for part in ("spool", "mail"):
        (folder / part).mkdir()
        shutil.chown(folder / part, exim, exim)
    shutil.chown(folder, exim, exim)
    (folder / "exim.conf").write_text(CONFIGURATION.format(here=here, port=port))
    _trust(f"{here}/exim.conf")
    peer.command = ["/usr/sbin/exim4", "-bdf", "-q5s", "-C", f"{here}/exim.conf"]
    return peer


def _trust(configuration: str) -> None:
    """Exim keeps its privileges only with a configuration named in this list."""
    trusted = ROOT / "etc/exim4/trusted_configs"
    names = set(trusted.read_text().split()) if trusted.exists() else set()
    trusted.write_text("\n".join(sorted(names | {configuration})) + "\n")
