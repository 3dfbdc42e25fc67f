"""Dovecot behind Veredus: LMTP over TCP and over a Unix socket, any user, one Maildir each. For Postfix
it also checks passwords."""

import shutil

from peer_daemon import Peer
from peer_root import USERS

CONFIGURATION = """\
base_dir = {here}/run
state_dir = {here}/state
log_path = {here}/dovecot.log
protocols = lmtp
listen = 127.0.0.1
ssl = no
hostname = dovecot.example
mail_location = maildir:{here}/mail/%Lu
auth_username_format = %Lu
lmtp_save_to_detail_mailbox = no
recipient_delimiter = +
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
default_vsz_limit = 0
auth_mechanisms = {mechanisms}
passdb {{
  driver = passwd-file
  args = {here}/users
}}
userdb {{
  driver = passwd-file
  args = {here}/users
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener {here}/lmtp.socket {{
    mode = 0666
  }}
}}
service auth {{
  unix_listener {here}/auth.socket {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""


PASSWORD = "secret"  # Of all users.


def make(name: str, port: int, users: list[str], mechanisms: str = "plain") -> Peer:
    """Mail for user U is in `peer.folder / "mail" / U`, the socket is `peer.folder / "lmtp.socket"`.
    A recipient who isn't one of `users` (whole addresses) is refused with 550. auth.socket is where Postfix has
    passwords checked, by these SASL `mechanisms`."""
    peer = Peer(name, port, logs=["dovecot.log", "output.log"])
    folder, here = peer.fresh_folder(), peer.inside_folder
    for part in ("run", "state", "mail"):
        (folder / part).mkdir()
    vmail = dict(USERS)["vmail"]
    shutil.chown(folder / "mail", vmail, vmail)
    lines = (f"{user}:{{PLAIN}}{PASSWORD}:{vmail}:{vmail}::{here}/mail/{user}\n" for user in users)
    (folder / "users").write_text("".join(lines))
    (folder / "dovecot.conf").write_text(CONFIGURATION.format(here=here, port=port, mechanisms=mechanisms))
    peer.command = ["/usr/sbin/dovecot", "-F", "-c", f"{here}/dovecot.conf"]
    return peer
