"""Exim, tuned: immediate delivery with as few privileges, and so processes, as it can do with."""

import re
from pathlib import Path

import paths  # noqa: F401
import peer_exim
from peer_daemon import Peer, run_inside
from server import FAR_RECIPIENT, NOWHERE_PORT, Kind, PeerServer, Site

NAME = "Exim"
CONFIGURATION = """\
spool_directory = {here}/spool
log_file_path = {here}/%slog
pid_file_path = {here}/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
primary_hostname = exim.example
disable_ipv6 = true
keep_environment =
tls_advertise_hosts =
acl_smtp_rcpt = accept
acl_smtp_data = accept
never_users =
smtp_accept_max = {sessions_max}
smtp_accept_max_per_connection = 0
smtp_accept_queue_per_connection = 0
smtp_enforce_sync = false
smtp_connect_backlog = 512
deliver_drop_privilege = true
split_spool_directory = true
queue_only = {holds}
begin routers
relay:
  driver = manualroute
  domains = {far_domain}
  transport = remote
  route_list = * 127.0.0.1 byname
  self = send
local:
  driver = accept
  transport = maildir
begin transports
remote:
  driver = smtp
  port = {next_hop_port}
  allow_localhost = true
maildir:
  driver = appendfile
  maildir_format
  directory = {here}/mail
  create_directory = true
  user = Debian-exim
begin retry
* * F,2h,1m
"""


class Exim(PeerServer):
    def __init__(self, folder: Path, site: Site):
        super().__init__(NAME, folder, lambda name, port: _make(name, port, site))

    def waiting_messages(self) -> int:
        return sum(1 for _ in (self.peer.folder / "spool" / "input").rglob("*-H"))

    def maildir(self) -> Path:
        return self.peer.folder / "mail"


def version() -> str:
    return re.search(r"version (\S+)", run_inside("/usr/sbin/exim4", "-bV").stdout).group(1)


def _make(name: str, port: int, site: Site) -> Peer:
    peer = peer_exim.make(name, port)
    (peer.folder / "exim.conf").write_text(CONFIGURATION.format(
        here=peer.inside_folder, port=port, sessions_max=site.sessions_max, holds=str(site.holds).lower(),
        far_domain=FAR_RECIPIENT.split("@")[1], next_hop_port=site.next_hop_port or NOWHERE_PORT))
    runs_queue = [] if site.holds else ["-q5s"]
    peer.command = ["/usr/sbin/exim4", "-bdf", *runs_queue, "-C", f"{peer.inside_folder}/exim.conf"]
    return peer


EXIM = Kind(NAME, Exim, version, can=lambda site: not (site.papers or site.destinations), shares={
    "relay": 0.4, "relay_reconnect": 0.1, "maildir": 0.4, "relay_100k": 0.1, "latency": 0, "load_check": 0})
