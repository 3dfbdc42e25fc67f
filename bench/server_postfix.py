"""Postfix, tuned as a postmaster tunes it who wants speed (README.md)."""

from pathlib import Path

import paths  # noqa: F401
import peer_postfix
from peer_daemon import Peer, run_inside
from server import NOWHERE_PORT, SESSIONS_MAX, Kind, PeerServer, Site

NAME = "Postfix"
QUEUES = ("incoming", "active", "deferred", "hold")
TUNING = {
    "in_flow_delay": "0",
    "smtpd_client_connection_count_limit": "0",
    "qmgr_message_active_limit": "60000",
    "qmgr_message_recipient_limit": "60000",
    "initial_destination_concurrency": "20",
    "default_destination_concurrency_limit": "20",
    "smtp_connection_cache_destinations": "127.0.0.1",
    "smtp_connection_reuse_count_limit": "0",
    "smtputf8_enable": "no",
    # Back to Postfix's own values: the makers of test peers shorten them.
    "minimal_backoff_time": "300s",
    "maximal_backoff_time": "4000s",
    "queue_run_delay": "300s",
}
HOLD = {"smtpd_client_restrictions": "check_client_access static:HOLD"}
TLS = {
    "smtpd_tls_security_level": "may",
    "smtpd_tls_cert_file": "{here}/etc/mx.pem",
    "smtpd_tls_key_file": "{here}/etc/mx.key",
    "smtp_tls_security_level": "encrypt",
    "smtp_tls_connection_reuse": "yes",
}
DELIVERIES_MAX = 500  # To many destinations at the same time; each is a process.


class Postfix(PeerServer):
    def __init__(self, folder: Path, site: Site):
        super().__init__(NAME, folder, lambda name, port: _make(name, port, site))

    def waiting_messages(self) -> int:
        spool = self.peer.folder / "spool"
        return sum(1 for queue in QUEUES for path in (spool / queue).rglob("*") if path.is_file())

    def maildir(self) -> Path:
        return self.peer.folder / "mail"


def version() -> str:
    return run_inside("/usr/sbin/postconf", "-d", "-h", "mail_version").stdout.split()[-1]


def _make(name: str, port: int, site: Site) -> Peer:
    files = _transport(site) | _papers(site)
    next_hop = None if site.maildir else f"[127.0.0.1]:{site.next_hop_port or NOWHERE_PORT}"
    peer = peer_postfix.make(name, port, next_hop, TUNING | _settings(site), files)
    if site.papers:
        _allow_reuse_under_tls(peer)
    return peer


def _settings(site: Site) -> dict[str, str]:
    settings = dict(HOLD) if site.holds else {}
    if site.sessions_max > SESSIONS_MAX:
        settings["default_process_limit"] = str(site.sessions_max)
    if site.papers:
        settings |= TLS
    if site.destinations:
        settings |= {"transport_maps": "texthash:{here}/etc/transport", "default_process_limit": str(DELIVERIES_MAX),
                     "smtp_connection_cache_on_demand": "yes"}
    return settings


def _transport(site: Site) -> dict[str, bytes]:
    """Postfix asks DNS at port 53 alone; so it is told where each domain's mail goes."""
    if not site.destinations:
        return {}
    port = site.destinations.port
    lines = (f"{domain} relay:[{address}]:{port}\n" for domain, address in site.destinations.hosts.items())
    return {"transport": "".join(lines).encode()}


def _papers(site: Site) -> dict[str, bytes]:
    if not site.papers:
        return {}
    return {"mx.pem": site.papers.file.read_bytes(), "mx.key": site.papers.key.read_bytes()}


def _allow_reuse_under_tls(peer: Peer) -> None:
    """Connections under TLS are kept by a service that Debian's table has commented out."""
    with open(peer.folder / "etc/master.cf", "a", encoding="ascii") as table:
        table.write("tlsproxy unix - - n - 0 tlsproxy\n")


POSTFIX = Kind(NAME, Postfix, version, shares={
    "relay_100k": 0.3, "relay_tls": 0.3, "fan_out": 0.05, "load_check": 0.3})
