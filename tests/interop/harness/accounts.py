"""Servers with accounts, and clients that log in to them."""

import base64
import smtplib
import ssl
import subprocess

from .raw_client import RawClient, Reply
from .veredus import Veredus

ANN = "ann@example.test"
PASSWORD = "correct horse battery"
SYSTEM_PASSWORD = "staple of the system"  # In what PAM asks; see the fixture pam_service.
MESSAGE = b"From: ann@example.test\r\nTo: other@example.test\r\nBcc: hidden@example.test\r\nSubject: hello\r\n\r\nhi\r\n"


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def manage(server: Veredus, *arguments: str, text: bytes | None = None) -> subprocess.CompletedProcess:
    return server.command(*arguments, "--config", str(server.config), text=text)


def add_account(server: Veredus, address: str = ANN, password: str = PASSWORD) -> None:
    done = manage(server, "account", "add", address, text=password.encode() + b"\n")
    assert done.returncode == 0, done.stderr


def login(server: Veredus, user: str = ANN, password: str = PASSWORD) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", server.submission_port, local_hostname="client.example", timeout=30)
    client.starttls(context=unverified())
    client.login(user, password)
    return client


def start_tls(server: Veredus) -> RawClient:
    """A client on the port for mail, greeted under TLS."""
    client = server.connect()
    client.greet()
    assert client.ask("STARTTLS").code == 220
    client.socket = unverified().wrap_socket(client.socket)
    assert client.ask("EHLO client.example").code == 250
    return client


class TlsClient(RawClient):
    """A RawClient on a port that speaks TLS from the start; `source` is the address it comes from. With the
    `context` and `session` of an earlier one it resumes that."""

    def __init__(self, port: int, address: str = "127.0.0.1", source: str = "", seconds: float = 20,
                 context: ssl.SSLContext | None = None, session: ssl.SSLSession | None = None):
        super().__init__(port, address, seconds, source)
        self.socket = (context or unverified()).wrap_socket(self.socket, session=session)

    def plain(self, user: str, password: str) -> Reply:
        """AUTH PLAIN."""
        return self.ask("AUTH PLAIN " + base64.b64encode(f"\0{user}\0{password}".encode()).decode())
