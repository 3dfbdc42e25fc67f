"""What the serving process may do: as whom it runs, what the kernel keeps from it, and how it gets on
with systemd. What the sandbox forbids in detail is in src/io/sandbox/sandbox_test.cc."""

import os
import pwd
import random
import re
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import REPOSITORY, unavailable
from harness import mails
from harness.accounts import TlsClient
from harness.config import Settings
from harness.service_manager import NotifySocket, launcher
from harness.veredus import Veredus
from harness.waiting import free_port, wait_until

USER = "nobody"
PORT_LEAST, PORT_MOST = 600, 1000  # Only root may bind these.
UNITS = REPOSITORY / "packaging" / "systemd"
EXPOSURE_MAX = 2.0  # Of ten; systemd calls this OK.


@pytest.fixture
def folder(open_folder: Path) -> Path:
    return open_folder


@pytest.fixture
def start(program: Path, folder: Path) -> Iterator[Callable[..., Veredus]]:
    """start(process={...}, setting=value, ...): a server that root started."""
    started: list[Veredus] = []

    def make(process: dict | None = None, port: int | None = None, environment: dict | None = None,
             **settings: object) -> Veredus:
        more = {"process": {"user": USER} | (process or {})} | settings.pop("more", {})
        server = Veredus(program, folder / f"server{len(started)}", Settings(more=more, **settings),
                         port or privileged_port())
        server.environment = environment or {}
        started.append(server)
        return server.start()

    yield make
    for server in started:
        if server.runs():
            server.stop()


def privileged_port() -> int:
    while True:
        port = random.randint(PORT_LEAST, PORT_MOST)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def threads(server: Veredus) -> list[dict[str, str]]:
    """/proc/PID/task/TID/status of each thread."""
    paths = Path(f"/proc/{server.pid}/task").glob("*/status")
    return [dict(re.findall(r"^(\w+):\t(.*)$", path.read_text(), re.MULTILINE)) for path in paths]


def secured(server: Veredus) -> str:
    return server.log_lines("event=process_secured")[0]


def has_landlock(server: Veredus) -> bool:
    return "landlock=abi" in secured(server)


def try_to_serve(program: Path, folder: Path, process: dict, **settings: object) -> subprocess.CompletedProcess:
    """A server that is expected not to start."""
    server = Veredus(program, folder / "refused", Settings(more={"process": process}, **settings), privileged_port())
    return subprocess.run([program, "serve", "--config", server.config], cwd=server.folder, capture_output=True,
                          timeout=20, check=False)


def test_every_thread_is_the_user_without_rights(start):
    server = start()
    server.send("me@client.example", "you@example.test", mails.mail("below port 1024"))
    server.wait_for_mails(1)
    user = pwd.getpwnam(USER)
    found = threads(server)
    assert len(found) > 5
    for status in found:
        assert status["Uid"].split() == [str(user.pw_uid)] * 4
        assert status["Gid"].split() == [str(user.pw_gid)] * 4
        assert set(status["Groups"].split()) <= {str(group) for group in os.getgrouplist(USER, user.pw_gid)}
        for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(status[kind], 16) == 0, f"{kind} of {status['Name']}"
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == "2"
    assert f"user={USER} no_new_privs=yes" in secured(server)
    assert "seccomp=yes" in secured(server)
    owner = (server.folder / "storage").stat()
    assert (owner.st_uid, owner.st_mode & 0o777) == (user.pw_uid, 0o700)


def test_it_cannot_get_out_of_its_folders(start, folder):
    """The mailbox is a link that leads out: the user may write there, the server may not."""
    outside = folder / "outside"
    outside.mkdir()
    shutil.chown(outside, USER)
    for sandbox in (True, False):
        server = start(process={"sandbox": sandbox})
        if sandbox and not has_landlock(server):
            unavailable(f"this kernel has no Landlock: {secured(server)}")
        server.maildir().parent.mkdir(parents=True)
        server.maildir().symlink_to(outside)
        for made in (server.maildir().parent, server.maildir().parent.parent):
            shutil.chown(made, USER)
        server.send("me@client.example", "you@example.test", mails.mail("out"))
        if sandbox:
            wait_until(lambda seen=server: seen.queue_shows("Permission denied"), 10, "it is kept from it",
                       server.log_tail)
            assert not list(outside.iterdir())
        else:
            server.wait_for_mails(1)
            assert "landlock=\"no: process.sandbox is false\"" in secured(server)
            assert threads(server)[0]["Seccomp"] == "0"


def test_it_reads_nothing_outside_its_folders(start, folder):
    """The accounts file becomes a link to one that everybody may read, but the sandbox does not know."""
    outside, accounts = folder / "outside", folder / "declared" / "accounts"
    outside.write_text("ann@example.test disabled\n")
    for sandbox in (True, False):
        accounts.parent.mkdir(exist_ok=True)
        accounts.unlink(missing_ok=True)
        accounts.write_text("bob@example.test disabled\n")
        server = start(process={"sandbox": sandbox}, more={"accounts": {"file": str(accounts)}})
        if sandbox and not has_landlock(server):
            unavailable(f"this kernel has no Landlock: {secured(server)}")
        accounts.unlink()
        accounts.symlink_to(outside)
        server.errors_expected = sandbox
        event = "event=accounts_not_read" if sandbox else "event=accounts_read"
        wait_until(lambda seen=server, event=event: seen.log_lines(event), 15, event, server.log_tail)
        if sandbox:
            assert "Permission denied" in server.log_lines(event)[0]


def test_it_runs_no_program(start, pam_service):
    """A PAM module that runs one: with process.allow_programs it can, else execve() is refused."""
    Path("/etc/pam.d", pam_service).write_text(
        "auth required pam_exec.so expose_authtok quiet /bin/true\naccount required pam_permit.so\n")
    for allowed in (False, True):
        port = free_port()
        server = start(process={"allow_programs": allowed}, port=port, more={
            "accounts": {"pam_domains": ["example.test"], "pam_service": pam_service},
            "listen": [{"address": f"127.0.0.1:{port}", "service": "submissions"}]})
        with TlsClient(port) as client:
            client.greet()
            reply = client.plain("you@example.test", "any")
        assert reply.code == (235 if allowed else 535), server.log_tail()


def test_everything_works_in_the_sandbox(start, next_hops, name_server):
    port = free_port()
    hop = next_hops(port, "127.0.0.2")
    server = start(name_server=name_server, deliver_port=port)
    server.send("me@client.example", "you@example.test", mails.mail("for here"))
    server.wait_for_mails(1)
    server.send("me@client.example", "you@one.example", mails.mail("for there"))
    wait_until(lambda: hop.recipients() == ["you@one.example"], 15, "it is relayed", server.log_tail)
    server.send("me@client.example", "you@nowhere.invalid", mails.mail("for nobody"))
    server.wait_for_empty_queue()
    traced = server.command("trace", "--config", str(server.config), "you@one.example")
    assert traced.returncode == 0 and b"relayed" in traced.stdout, traced.stderr

    server.configure(Settings(name_server=name_server, deliver_port=port, message_bytes_max=70000,
                              more={"process": {"user": USER}}))
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: server.log_lines("event=reloaded"), 10, "it has reloaded", server.log_tail)
    with server.connect() as client:
        assert "SIZE 70000" in str(client.greet())
    assert not server.log_lines("event=reload_needs_restart")

    # What root's commands leave behind is the user's: the server starts again.
    server.stop()
    assert server.command("storage", "check", "--config", str(server.config)).returncode == 0
    assert server.queue() == []
    server.start()
    server.send("me@client.example", "you@example.test", mails.mail("again"))
    server.wait_for_mails(2)


def test_a_configuration_that_only_root_reads_is_told(start):
    server = start()
    assert not server.log_lines("event=file_read_at_start_only")
    server.stop()
    server.config.chmod(0o600)
    server.start()
    assert "setfacl" in server.log_lines("event=file_read_at_start_only")[0]
    server.errors_expected = True
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: server.log_lines("event=reload_failed"), 10, "the reload fails", server.log_tail)
    server.send("me@client.example", "you@example.test", mails.mail("all the same"))
    server.wait_for_mails(1)


def test_a_key_that_only_root_reads_is_used_and_told(start, folder):
    """As those of certbot; once the user may read it, a reload takes the next one."""
    certificate, key = folder / "a.pem", folder / "a.key"

    def make() -> bytes:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-subj", "/CN=mx.example.test", "-addext", "subjectAltName=DNS:mx.example.test",
                        "-keyout", key, "-out", certificate], check=True, capture_output=True)
        key.chmod(0o600)
        certificate.chmod(0o644)
        return ssl.PEM_cert_to_DER_cert(certificate.read_text())

    def offered() -> bytes | None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with smtplib.SMTP("127.0.0.1", server.port, timeout=20) as client:
            client.starttls(context=context)
            return client.sock.getpeercert(binary_form=True)

    def reload(event: str) -> str:
        before = len(server.log_lines(event))
        os.kill(server.pid, signal.SIGHUP)
        wait_until(lambda: len(server.log_lines(event)) > before, 10, event, server.log_tail)
        return server.log_lines(event)[-1]

    first = make()
    server = start(more={"certificate": [{"file": str(certificate), "key": str(key)}]})
    server.errors_expected = True
    assert str(key) in server.log_lines("event=file_read_at_start_only")[0]
    assert offered() == first
    reload("event=reloaded")
    assert offered() == first

    second = make()
    assert f"setfacl -m u:{USER}:r {key}" in reload("event=reload_failed")
    assert offered() == first
    shutil.chown(key, USER)
    reload("event=reloaded")
    wait_until(lambda: offered() == second, 10, "the new certificate is offered", server.log_tail)


def test_a_missing_user_is_told_with_what_to_type(program, folder):
    done = try_to_serve(program, folder, {"user": "no-such-user"})
    assert done.returncode == 1
    assert b"adduser --system --group no-such-user" in done.stderr
    assert b'user = "root"' in done.stderr
    checked = subprocess.run([program, "config", "check", "--config", folder / "refused" / "veredus.toml"],
                             capture_output=True, timeout=20, check=True)
    assert b"warning: there is no user no-such-user" in checked.stdout


def test_a_storage_of_roots_is_told_with_what_to_type(program, folder):
    (folder / "refused" / "storage" / "db").mkdir(parents=True)
    done = try_to_serve(program, folder, {"user": USER})
    assert done.returncode == 1
    assert f"chown -R {USER}: {folder}/refused/storage".encode() in done.stderr


def test_root_does_not_write_into_the_storage_of_another_user(program, folder):
    storage = folder / "refused" / "storage"
    (storage / "db").mkdir(parents=True)
    for path in (storage, storage / "db"):
        shutil.chown(path, USER)
    done = try_to_serve(program, folder, {"user": "root"})
    assert done.returncode == 1
    assert f"{storage}/db does not belong to root".encode() in done.stderr
    assert f"chown -R root: {storage}/db".encode() in done.stderr
    assert not list((storage / "db").iterdir())


def test_root_stays_root_only_when_told_to(start):
    server = start(process={"user": "root"})
    assert server.log_lines("event=runs_as_root")
    assert all(status["Uid"].startswith("0\t") and status["Seccomp"] == "2" for status in threads(server))


def test_an_ordinary_user_with_one_capability_drops_it(program, folder):
    """As the unit in packaging/ starts it."""
    if not shutil.which("setpriv"):
        unavailable("no setpriv(1)")
    server = Veredus(program, folder / "ambient", Settings(), privileged_port())
    shutil.chown(server.folder, USER)
    as_user = ["setpriv", "--reuid", USER, "--regid", "nogroup", "--clear-groups", "--inh-caps=+net_bind_service",
               "--ambient-caps=+net_bind_service"]
    copy = shutil.copy(program, folder / "veredus")  # Where the user gets to.
    with open(server.log, "ab") as log:
        process = subprocess.Popen([*as_user, copy, "serve", "--config", server.config], stdout=log, stderr=log)
    try:
        wait_until(lambda: process.poll() is not None or server.log_lines("event=listening"), 20, "it listens",
                   server.log_tail)
        status = Path(f"/proc/{process.pid}/status").read_text()
        assert re.search(r"CapEff:\t0+\n", status) and re.search(r"CapAmb:\t0+\n", status), server.log_tail()
        server.send("me@client.example", "you@example.test", mails.mail("by an ordinary user"))
        server.wait_for_mails(1)
    finally:
        process.terminate()
        assert process.wait(35) == 0


def activated(program: Path, server: Veredus, sockets: list[socket.socket]) -> subprocess.Popen:
    with open(server.log, "ab") as log:
        return subprocess.Popen([*launcher(sockets), program, "serve", "--config", server.config], cwd=server.folder,
                                pass_fds=[passed.fileno() for passed in sockets], stdout=log, stderr=log)


def test_it_serves_on_sockets_that_systemd_opened(program, folder):
    listener = socket.create_server(("127.0.0.1", privileged_port()))
    server = Veredus(program, folder / "activated", Settings(more={"process": {"user": USER}}),
                     listener.getsockname()[1])
    for _ in range(2):  # The socket outlives the server.
        # Who connects before the server runs is served when it does.
        early = socket.create_connection(listener.getsockname(), timeout=20)
        process = activated(program, server, [listener])
        try:
            assert early.recv(100).startswith(b"220 ")
            for _ in range(20):  # Whichever reactor takes them.
                server.send("me@client.example", "you@example.test", mails.mail("activated"))
        finally:
            early.close()
            process.terminate()
            assert process.wait(35) == 0, server.log_tail()
    server.wait_for_mails(40)
    listener.close()


def test_a_socket_that_no_listen_names_is_refused(program, folder):
    server = Veredus(program, folder / "activated", Settings(more={"process": {"user": USER}}), privileged_port())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert activated(program, server, [listener]).wait(20) == 1
    assert "which no [[listen]] names" in server.log.read_text()


def test_systemd_is_told_how_it_is(start, folder):
    told = NotifySocket(folder / "notify")
    server = start(environment={"NOTIFY_SOCKET": str(told.path), "WATCHDOG_USEC": "400000"})
    wait_until(lambda: told.has_said("READY=1\nSTATUS=Takes mail on 127.0.0.1"), 10, "it is ready")
    wait_until(lambda: told.has_said("WATCHDOG=1", times=5), 10, "it is alive")
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: told.has_said("READY=1", times=2), 10, "it has reloaded")
    reloading = next(message for message in told.said() if message.startswith("RELOADING=1"))
    assert re.search(r"^MONOTONIC_USEC=\d+$", reloading, re.MULTILINE)
    assert told.said().index(reloading) < [at for at, said in enumerate(told.said()) if said.startswith("READY")][1]
    server.stop()
    assert told.has_said("STOPPING=1")
    told.close()


def test_a_process_that_hangs_says_nothing(start, folder):
    told = NotifySocket(folder / "notify")
    server = start(environment={"NOTIFY_SOCKET": str(told.path), "WATCHDOG_USEC": "400000"})
    wait_until(lambda: told.has_said("WATCHDOG=1"), 10, "it is alive")
    os.kill(server.pid, signal.SIGSTOP)
    try:
        before = len(told.said())
        with pytest.raises(AssertionError):
            wait_until(lambda: len(told.said()) > before, 1, "a stopped process speaks")
    finally:
        os.kill(server.pid, signal.SIGCONT)
    told.close()


def test_the_units_are_sound(program, tmp_path):
    if not shutil.which("systemd-analyze"):
        unavailable("no systemd-analyze(1)")
    service = tmp_path / "veredus.service"
    service.write_text((UNITS / "veredus.service").read_text().replace("@PROGRAM@", str(program)))
    shutil.copy(UNITS / "veredus.socket", tmp_path)
    analyze = ["systemd-analyze", "--no-pager"]
    verified = subprocess.run([*analyze, "verify", service, tmp_path / "veredus.socket"], capture_output=True,
                              timeout=60, check=False)
    assert (verified.returncode, verified.stderr) == (0, b"")
    rated = subprocess.run([*analyze, "security", "--offline=true", service], capture_output=True, timeout=60,
                           check=False).stdout.decode()
    assert float(re.search(r"exposure level for veredus.service: ([\d.]+)", rated).group(1)) < EXPOSURE_MAX, rated
