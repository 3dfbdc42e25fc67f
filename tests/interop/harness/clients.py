"""The real clients that send into Veredus."""

import os
import shutil
import smtplib
import subprocess
from pathlib import Path

from peer_daemon import inside, run_inside
from peer_paths import NODE, NODE_LOCK, ROOT

from .veredus import Veredus


def swaks(port: int, *options: str) -> subprocess.CompletedProcess:
    return run_inside("/usr/bin/swaks", "--server", f"127.0.0.1:{port}", "--helo", "client.example", *options)


def s_client(server: Veredus, *options: str, text: str = "QUIT\n", port: int | None = None,
             shows_session: bool = False) -> subprocess.CompletedProcess:
    """openssl s_client: by STARTTLS, or with TLS from the start on `port`."""
    where = ["-connect", f"127.0.0.1:{port or server.port}"]
    start = [] if port else ["-starttls", "smtp"]
    talk = "-ign_eof" if shows_session else "-quiet"
    return subprocess.run(["openssl", "s_client", "-crlf", talk, *where, *start, *options], input=text,
                          capture_output=True, text=True, timeout=30, check=False)


def nodemailer(port: int, sender: str, recipients: list[str], message: bytes) -> subprocess.CompletedProcess:
    """Without TLS."""
    return _node("send.js", str(port), sender, ",".join(recipients), text=message)


def nodemailer_login(port: int, start: str, user: str, password: str, mechanism: str, recipients: list[str],
                     message: bytes) -> subprocess.CompletedProcess:
    """`start`: "tls" or "starttls". The sender is the user."""
    return _node("submit.js", str(port), start, user, password, mechanism, ",".join(recipients), text=message)


def _node(script: str, *arguments: str, text: bytes) -> subprocess.CompletedProcess:
    """nodemailer from npm where setup found npm, else Debian's."""
    if (NODE / "node_modules").is_dir():
        command = ["env", f"NODE_PATH={NODE / 'node_modules'}", "node", str(NODE_LOCK / script), *arguments]
    else:
        shutil.copy(NODE_LOCK / script, ROOT / "tmp")
        command = inside("/usr/bin/node", f"/tmp/{script}", *arguments)
    return subprocess.run(command, input=text, capture_output=True, timeout=60, check=False)


def bsd_mailx(*arguments: str, text: bytes, environment: dict[str, str]) -> subprocess.CompletedProcess:
    """Not installed, for it wants an MTA: the one unpacked for the peers."""
    libraries = next((ROOT / "usr/lib").glob("*-linux-gnu"))
    return subprocess.run([ROOT / "usr/bin/bsd-mailx", *arguments], input=text, capture_output=True, timeout=60,
                          check=False, env=environment | {"LD_LIBRARY_PATH": str(libraries)})


def git_send_email(folder: Path, sender: str, recipient: str, options: list[str],
                   environment: dict[str, str] | None = None) -> None:
    """Sends the one commit of a new repository; asserts that git says it went."""
    (folder / "repository").mkdir()
    (folder / "repository" / "file").write_text("A change\n")
    git = ["git", "-C", str(folder / "repository"), "-c", "user.name=Ann", "-c", f"user.email={sender}"]
    for command in (["git", "init", "-q", str(folder / "repository")],
                    [*git, "commit", "-q", "--allow-empty", "-m", "First"],
                    [*git, "add", "file"],
                    [*git, "commit", "-q", "-m", "A change by Ann"],
                    [*git, "send-email", "--quiet", "--confirm=never", f"--from={sender}", f"--to={recipient}",
                     "--suppress-cc=all", *options, "-1"]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False,
                              env={**os.environ, **(environment or {})})
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def with_smtplib(port: int, sender: str, recipients: list[str], message: bytes, options: tuple[str, ...] = ()) -> dict:
    """Python's own client; returns the refused recipients."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=20) as client:
        return client.sendmail(sender, recipients, message, mail_options=options)
