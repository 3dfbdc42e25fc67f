"""The configuration Veredus is started with: Settings is what tests vary, render() the only
place that knows how veredus.toml says it."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

HOSTNAME = "mx.example.test"
DOMAIN = "example.test"


@dataclass
class Domain:
    """A domain of ours: mailboxes and aliases, or (`deliver`) an LMTP server that has them."""

    name: str
    mailboxes: list[str] = field(default_factory=list)
    aliases: dict[str, list[str]] = field(default_factory=dict)
    catch_all: str = ""
    deliver: str = ""


@dataclass
class Settings:
    """None leaves the program's default."""

    hostname: str = HOSTNAME
    domains: list[Domain] = field(default_factory=lambda: [
        Domain(DOMAIN, ["you", "other"], {"sales": ["you", "other"]})])
    name_server: str | None = None  # host:port
    deliver_port: int | None = None  # Port of the hosts found by MX.
    smart_host: str | None = None
    relay_networks: list[str] | None = None
    routes: dict[str, str] = field(default_factory=dict)  # domain -> host:port
    retry_min: str = "1s"
    retry_max: str = "2s"
    destination_pause: str = "1s"
    expire: str = "5d"
    connect_deadline: str | None = None
    messages_per_connection_max: int | None = None
    command_deadline: str | None = None  # How long accept waits for a command.
    data_deadline: str | None = None
    error_delay: str | None = None
    message_bytes_max: int | None = None
    recipients_max: int | None = None
    bare_newline: str | None = None
    more: dict = field(default_factory=dict)  # Keys of sections, and whole lists of tables, that tests seldom need.


def render(settings: Settings, folder: Path, port: int) -> str:
    """The whole of veredus.toml."""
    s = settings
    tables = {
        "hostname": s.hostname,
        "storage": {"path": str(folder / "storage")},
        "listen": [{"address": f"127.0.0.1:{port}"}],
        "dns": {"servers": [s.name_server] if s.name_server else None},
        "accept": {name: getattr(s, name) for name in (
            "command_deadline", "data_deadline", "error_delay", "message_bytes_max", "recipients_max",
            "bare_newline")},
        "relay": {"networks": s.relay_networks, "smart_host": s.smart_host},
        "deliver": {"port": s.deliver_port, "connect_deadline": s.connect_deadline,
                    "messages_per_connection_max": s.messages_per_connection_max},
        "queue": {name: getattr(s, name) for name in ("retry_min", "retry_max", "destination_pause", "expire")},
        "domain": [_domain(domain) for domain in s.domains],
        "route": [{"domain": domain, "to": to} for domain, to in s.routes.items()],
    }
    if os.geteuid() == 0:
        tables["process"] = {"user": "root"}  # Test folders are root's.
    for name, value in s.more.items():
        tables[name] = tables.get(name, {}) | value if isinstance(value, dict) else value
    return to_toml(tables)


def mailbox_folder(folder: Path, address: str) -> Path:
    """The Maildir of a mailbox of ours, below what render() gives as storage.path."""
    local_part, domain = address.rsplit("@", 1)
    return folder / "storage" / "mail" / domain / local_part


def _domain(domain: Domain) -> dict:
    if domain.deliver:
        return {"name": domain.name, "deliver": domain.deliver}
    return {"name": domain.name, "mailboxes": domain.mailboxes, "subaddress": "+",
            "catch_all": domain.catch_all or None, "aliases": domain.aliases or None}


def to_toml(table: dict, path: str = "") -> str:
    """None and empty tables are left out."""
    values, tables = [], []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, dict):
            body = to_toml(value, name)
            tables.append(f"[{name}]\n{body}" if body else "")
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            tables += [f"[[{name}]]\n{to_toml(entry, name)}" for entry in value]
        elif value is not None:
            values.append(f"{key} = {json.dumps(value)}\n")
    return "".join(values + tables)
