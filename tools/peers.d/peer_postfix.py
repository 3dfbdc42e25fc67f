"""Postfix: a mail server before or behind Veredus, and the load programs it brings."""

import os
import shutil
from pathlib import Path

from peer_daemon import Peer, run_inside
from peer_paths import ROOT
from peer_root import EXTRA_GROUPS, USERS

VMAIL = dict(USERS)["vmail"]
PRIVATE_QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "private", "saved",
                  "trace")


def make(name: str, port: int, next_hop: str | None = None, settings: dict[str, str] | None = None,
         files: dict[str, bytes] | None = None) -> Peer:
    """Relays everything to `next_hop` ("[127.0.0.1]:2600"), or else puts all mail for any
    domain into one Maildir, `peer.folder / "mail"`. `settings` are further lines of main.cf,
    in which {here} is the folder; `files` are put into etc/ there."""
    peer = Peer(name, port, logs=["postfix.log", "output.log"])
    folder, here = peer.fresh_folder(), peer.inside_folder
    for part in ("etc", "spool", "data", "mail"):
        (folder / part).mkdir()
    shutil.chown(folder / "data", dict(USERS)["postfix"])
    shutil.chown(folder / "mail", VMAIL, VMAIL)
    _make_queue(folder / "spool")
    where_to = {"relayhost": next_hop} if next_hop else _all_into_maildir(here)
    for file, content in (files or {}).items():
        (folder / "etc" / file).write_bytes(content)
    main = _relay_without_dns(here) | where_to | {
        key: value.replace("{here}", here) for key, value in (settings or {}).items()}
    (folder / "etc/main.cf").write_text("".join(f"{key} = {value}\n" for key, value in main.items()))
    os.utime(folder / "etc/main.cf", (0, 0))  # Postfix waits until it is some seconds old.
    (folder / "etc/master.cf").write_text(_services(port))
    peer.command = ["/usr/lib/postfix/sbin/master", "-c", f"{here}/etc", "-d"]
    return peer


def _relay_without_dns(here: str) -> dict[str, str]:
    return {
        "compatibility_level": "3.6",
        "queue_directory": f"{here}/spool",
        "data_directory": f"{here}/data",
        "meta_directory": f"{here}/etc",
        "maillog_file": f"{here}/postfix.log",
        "maillog_file_prefixes": "/srv",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "myhostname": "postfix.example",
        "mydestination": "",
        "alias_maps": "",
        "mynetworks": "127.0.0.0/8",
        "smtp_dns_support_level": "disabled",
        "smtp_host_lookup": "native",
        "smtpd_peername_lookup": "no",
        "local_recipient_maps": "",
        "in_flow_delay": "0",
        "minimal_backoff_time": "2s",
        "maximal_backoff_time": "2s",
        "queue_run_delay": "2s",
    }


def _make_queue(spool: Path) -> None:
    """What `postfix post-install create-missing` makes, in a hundredth of its time."""
    users, groups = dict(USERS), dict(EXTRA_GROUPS)
    for name in PRIVATE_QUEUES:
        (spool / name).mkdir(mode=0o700)
        shutil.chown(spool / name, users["postfix"])
    for name, mode in (("maildrop", 0o730), ("public", 0o710)):
        (spool / name).mkdir()
        (spool / name).chmod(mode)
        shutil.chown(spool / name, users["postfix"], groups["postdrop"])
    (spool / "pid").mkdir()


def _all_into_maildir(here: str) -> dict[str, str]:
    return {
        "virtual_mailbox_domains": "static:all",
        "virtual_mailbox_base": here,
        "virtual_mailbox_maps": "static:mail/",
        "virtual_uid_maps": f"static:{VMAIL}",
        "virtual_gid_maps": f"static:{VMAIL}",
    }


def _services(port: int) -> str:
    """Debian's own table, with nothing in a chroot and SMTP on our port."""
    lines = []
    for line in (ROOT / "usr/share/postfix/master.cf.dist").read_text().splitlines():
        words = line.split()
        if not words or line[0] in "# \t" or words[0] in ("postlog", "maildrop", "uucp", "ifmail", "bsmtp"):
            continue
        if words[:2] == ["smtp", "inet"]:
            words[0] = f"127.0.0.1:{port}"
        words[4] = "n"
        lines.append(" ".join(words))
    return "\n".join([*lines, "postlog unix-dgram n - n - 1 postlogd"]) + "\n"


def make_sink(name: str, port: int, *options: str) -> Peer:
    """smtp-sink, which accepts everything and, without an option saying otherwise, keeps nothing."""
    peer = Peer(name, port)
    peer.fresh_folder()
    peer.command = ["/usr/sbin/smtp-sink", "-u", "nobody", *options, f"127.0.0.1:{port}", "500"]
    return peer


def smtp_source(*options: str, timeout: float = 120):
    """Runs smtp-source to its end."""
    return run_inside("/usr/sbin/smtp-source", *options, timeout=timeout)
