"""The real clients that send into Veredus."""

import shutil
import smtplib
import subprocess

from peer_daemon import inside, run_inside
from peer_paths import NODE, NODE_LOCK, ROOT


def swaks(port: int, *options: str) -> subprocess.CompletedProcess:
    return run_inside("/usr/bin/swaks", "--server", f"127.0.0.1:{port}", "--helo", "client.example", *options)


def nodemailer(port: int, sender: str, recipients: list[str], message: bytes) -> subprocess.CompletedProcess:
    """From npm where setup found npm, else Debian's."""
    arguments = [str(port), sender, ",".join(recipients)]
    if (NODE / "node_modules").is_dir():
        command = ["env", f"NODE_PATH={NODE / 'node_modules'}", "node", str(NODE_LOCK / "send.js"), *arguments]
    else:
        shutil.copy(NODE_LOCK / "send.js", ROOT / "tmp")
        command = inside("/usr/bin/node", "/tmp/send.js", *arguments)
    return subprocess.run(command, input=message, capture_output=True, timeout=60, check=False)


def with_smtplib(port: int, sender: str, recipients: list[str], message: bytes, options: tuple[str, ...] = ()) -> dict:
    """Python's own client; returns the refused recipients."""
    with smtplib.SMTP("127.0.0.1", port, local_hostname="client.example", timeout=20) as client:
        return client.sendmail(sender, recipients, message, mail_options=options)
