"""Exim behind Veredus: accepts mail for any domain, or from whoever logs in, and puts it into one
Maildir. Or before Veredus."""

import shutil
from dataclasses import dataclass

from peer_daemon import Peer
from peer_paths import ROOT
from peer_root import USERS

CONFIGURATION = """\
spool_directory = %(here)s/spool
log_file_path = %(here)s/%%slog
pid_file_path = %(here)s/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = %(port)d
primary_hostname = exim.example
disable_ipv6 = true
keep_environment =
acl_smtp_rcpt = recipient
acl_smtp_data = accept
never_users =
smtp_accept_max = 100
deliver_drop_privilege = true
%(settings)s
begin acl
recipient:
%(recipients)s
  accept %(condition)s
begin routers
everybody:
%(router)s
begin transports
maildir:
  driver = appendfile
  maildir_format
  directory = %(here)s/mail
  create_directory = true
  user = Debian-exim
next_hop:
  driver = smtp
  allow_localhost
%(transport)s
begin retry
* * F,1h,2s
begin authenticators
%(authenticator)s
"""
INTO_MAILDIR = """\
  driver = accept
  transport = maildir
"""
TO_NEXT_HOP = """\
  driver = manualroute
  route_list = * %s
  self = send
  transport = next_hop
"""
AUTHENTICATORS = {
    "PLAIN": """\
it:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = :
  server_condition = ${if and{{eq{$auth2}{%(user)s}}{eq{$auth3}{%(password)s}}}}
  server_set_id = $auth2
""",
    "LOGIN": """\
it:
  driver = plaintext
  public_name = LOGIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = User Name : Password
  server_condition = ${if and{{eq{$auth1}{%(user)s}}{eq{$auth2}{%(password)s}}}}
  server_set_id = $auth1
""",
    "CRAM-MD5": """\
it:
  driver = cram_md5
  public_name = CRAM-MD5
  server_advertise_condition = ${if def:tls_in_cipher}
  server_secret = ${if eq{$auth1}{%(user)s}{%(password)s}fail}
  server_set_id = $auth1
""",
}


@dataclass(frozen=True)
class Login:
    """What alone lets a client in, under TLS."""

    mechanism: str  # Of AUTHENTICATORS.
    user: str
    password: str


def make(name: str, port: int, next_hop: str | None = None, settings: dict[str, str] | None = None,
         transport: dict[str, str] | None = None, recipients: str = "", login: Login | None = None,
         files: dict[str, bytes] | None = None) -> Peer:
    """The Maildir is `peer.folder / "mail"`; or else all goes to `next_hop` ("127.0.0.1::2600"). `settings` are
    further lines of the configuration, `transport` of how the next hop is reached, `recipients` of the list that
    judges them, before it accepts; {here} in them is the folder, into which `files` are put."""
    peer = Peer(name, port, logs=["mainlog", "rejectlog", "paniclog", "output.log"])
    folder, here = peer.fresh_folder(), peer.inside_folder
    exim = dict(USERS)["Debian-exim"]
    for part in ("spool", "mail"):
        (folder / part).mkdir()
        shutil.chown(folder / part, exim, exim)
    shutil.chown(folder, exim, exim)
    for file, content in (files or {}).items():
        (folder / file).write_bytes(content)
        shutil.chown(folder / file, exim, exim)
    (folder / "exim.conf").write_text(CONFIGURATION % {
        "here": here, "port": port, "settings": _lines(settings, here), "transport": _lines(transport, here),
        "recipients": recipients.replace("{here}", here), "condition": "authenticated = *" if login else "",
        "router": TO_NEXT_HOP % next_hop if next_hop else INTO_MAILDIR,
        "authenticator": AUTHENTICATORS[login.mechanism] % vars(login) if login else ""})
    _trust(f"{here}/exim.conf")
    peer.command = ["/usr/sbin/exim4", "-bdf", "-q5s", "-C", f"{here}/exim.conf"]
    return peer


def _lines(settings: dict[str, str] | None, here: str) -> str:
    return "\n".join(f"  {key} = {value}".replace("{here}", here) for key, value in (settings or {}).items())


def _trust(configuration: str) -> None:
    """Exim keeps its privileges only with a configuration named in this list."""
    trusted = ROOT / "etc/exim4/trusted_configs"
    names = set(trusted.read_text().split()) if trusted.exists() else set()
    trusted.write_text("\n".join(sorted(names | {configuration})) + "\n")
