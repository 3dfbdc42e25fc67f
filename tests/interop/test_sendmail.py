"""Programs of this machine that send by sendmail(1): its options, its exit codes, and who calls it."""

import grp
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from harness import clients, mails
from harness.next_hop import Script
from harness.veredus import Veredus
from harness.waiting import wait_until

ANN, OTHER, YOU = "ann@example.test", "other@example.test", "you@example.test"
USER = "nobody"
USAGE, DATA_ERROR, NO_USER, UNAVAILABLE, TEMPORARY, NO_PERMISSION, CONFIG = 64, 65, 67, 69, 75, 77, 78


class Sendmail:
    """`path`: sendmail, which is the program by that name. `environment` tells it its configuration."""

    def __init__(self, server: Veredus, user: str = ""):
        self.server, self.user = server, user
        self.path = server.folder / "sendmail"
        self.path.symlink_to(server.program)
        self.environment = os.environ | {"VEREDUS_CONFIG": str(server.config)}

    def __call__(self, *options: str, text: bytes = b"Subject: hello\n\nhi\n") -> subprocess.CompletedProcess:
        identity = {"user": self.user, "group": grp.getgrgid(pwd.getpwnam(self.user).pw_gid).gr_name,
                    "extra_groups": []} if self.user else {}
        return subprocess.run([self.path, *options], input=text, capture_output=True, timeout=60, check=False,
                              env=self.environment, **identity)


@pytest.fixture
def sendmail(start_veredus) -> Callable[..., Sendmail]:
    def start(**settings) -> Sendmail:
        return Sendmail(start_veredus(more={"sendmail": {"domain": "example.test"}} | settings.pop("more", {}),
                                      **settings))
    return start


def for_user(server: Veredus, folder: Path) -> Sendmail:
    """For USER, with program and configuration where every user gets to."""
    run = Sendmail(server, USER)
    run.path = folder / "sendmail"
    shutil.copy(server.program, run.path)
    shutil.copy(server.config, folder / "veredus.toml")
    run.environment["VEREDUS_CONFIG"] = str(folder / "veredus.toml")
    return run


def taken(done: subprocess.CompletedProcess) -> None:
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()


def head(mail: bytes) -> str:
    return re.sub(r"\r?\n[ \t]+", " ", mail.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0].decode())


@pytest.mark.parametrize("options", [
    ["-i", "-f", ANN, OTHER], ["-oi", "-r", ANN, "--", OTHER], ["-i", f"-f{ANN}", OTHER], ["-tif", ANN, OTHER],
    ["-oem", "-odb", "-i", "-B8BITMIME", "-f", ANN, OTHER], ["-bm", "-i", "-f", ANN, f"{OTHER},{OTHER}"],
    ["-G", "-i", "-U", "-f", f"<{ANN}>", "other"],
    ["-N", "success,delay", "-R", "hdrs", "-V", "id=1", "-i", "-f", ANN, OTHER],
], ids=" ".join)
def test_options_of_all_times(sendmail, options):
    run = sendmail()
    taken(run(*options, text=b"Subject: one\n\nfirst\n.\nlast\n"))
    mail = run.server.wait_for_mails(1, OTHER)[0]
    assert mail.startswith(f"Return-Path: <{ANN}>".encode())
    assert re.search(rb"\r?\n\r?\nfirst\r?\n\.\r?\nlast\r?\n\Z", mail)
    for field in ("From: ", "Date: ", "Message-ID: <"):
        assert head(mail).count(f"\n{field}") == 1, head(mail)


def test_a_dot_ends_the_message_unless_told(sendmail):
    run = sendmail()
    taken(run("-f", ANN, OTHER, text=b"Subject: one\n\nfirst\n.\nlast\n"))
    assert b"last" not in run.server.wait_for_mails(1, OTHER)[0]


def test_recipients_of_the_header(sendmail, next_hops):
    hop = next_hops()
    run = sendmail(smart_host=f"127.0.0.1:{hop.port}")
    taken(run("-t", "-i", text=b"To: You <you@example.test>,\n (a comment) other\nCc: sales: you@example.test;\n"
                               b"Bcc: ann@far.example\nResent-Note: x\nSubject: all\n\nhi\n"))
    for address in (YOU, OTHER):
        mail = run.server.wait_for_mails(1, address)[0]
        assert "\nBcc:" not in head(mail) and "ann@far.example" not in head(mail)
        assert "\nTo: You <you@example.test>," in head(mail)
    assert len(run.server.mails(YOU)) == 1
    wait_until(lambda: hop.recipients() == ["ann@far.example"], 10, "the one of Bcc is sent to", hop.log_tail)


def test_the_full_name_and_who_it_is(sendmail):
    run = sendmail()
    taken(run("-F", "Cron Daemon", "-i", OTHER))
    login = pwd.getpwuid(os.geteuid()).pw_name
    assert f"\nFrom: Cron Daemon <{login}@example.test>" in head(run.server.wait_for_mails(1, OTHER)[0])
    assert run.server.mails(OTHER)[0].startswith(f"Return-Path: <{login}@example.test>".encode())


def test_a_from_that_is_there_stays(sendmail):
    run = sendmail()
    taken(run("-F", "Nobody", OTHER, text=b"From: Me <me@example.test>\nDate: Thu, 1 Jan 2026 00:00:00 +0000\n\nx\n"))
    mail = head(run.server.wait_for_mails(1, OTHER)[0])
    assert "\nFrom: Me <me@example.test>" in mail and "Nobody" not in mail
    assert mail.count("\nDate: ") == 1 and "1 Jan 2026" in mail


def test_the_null_sender(sendmail):
    run = sendmail()
    taken(run("-f", "<>", OTHER))
    taken(run("-f", "", OTHER))
    assert all(mail.startswith(b"Return-Path: <>") for mail in run.server.wait_for_mails(2, OTHER))


def test_verbose_shows_the_dialogue(sendmail):
    run = sendmail()
    done = run("-v", "-f", ANN, OTHER)
    assert done.returncode == 0
    assert f">>> MAIL FROM:<{ANN}>".encode() in done.stdout and b"\n250 2." in done.stdout


def test_smtp_on_standard_input(sendmail):
    run = sendmail()
    text = (f"EHLO client.example\r\nMAIL FROM:<{ANN}>\r\nRCPT TO:<{OTHER}>\r\nRCPT TO:<you@far.example>\r\n"
            "DATA\r\nSubject: by -bs\r\n\r\n..\r\n.\r\nQUIT\r\n")
    done = run("-bs", text=text.encode())
    assert done.returncode == 0, done.stderr
    codes = re.findall(rb"^(\d{3}) ", done.stdout, re.MULTILINE)
    assert codes == [b"220", b"250", b"250", b"250", b"250", b"354", b"250", b"221"], done.stdout.decode()
    assert b"Subject: by -bs" in run.server.wait_for_mails(1, OTHER)[0]


def test_the_queue_is_shown_and_tried(sendmail, next_hops):
    hop = next_hops(script=Script(recipient_replies={"you@far.example": ["451 4.2.0 Later"]}))
    run = sendmail(smart_host=f"127.0.0.1:{hop.port}", retry_min="1h", retry_max="2h", destination_pause="1s")
    taken(run("-f", ANN, "you@far.example"))
    wait_until(lambda: b"you@far.example" in run("-bp").stdout and run.server.queue_shows("deferred"), 15, "it waits")
    listed = run("-bp")
    assert listed.returncode == 0 and ANN.encode() in listed.stdout and b"451 4.2.0 Later" in listed.stdout
    assert run("-q").returncode == 0
    wait_until(lambda: hop.recipients() == ["you@far.example"], 15, "it is tried again", hop.log_tail)
    wait_until(lambda: b"empty" in run("-bp").stdout, 15, "the queue is empty")


def by_option(run: Sendmail, *options: str) -> subprocess.CompletedProcess:
    """The configuration is named by the options alone."""
    environment = {name: value for name, value in run.environment.items() if name != "VEREDUS_CONFIG"}
    return subprocess.run([run.path, *options], capture_output=True, timeout=60, check=False, env=environment)


@pytest.mark.parametrize("name", ["-C", "--config"])
def test_the_queue_of_a_configuration_that_is_named(sendmail, next_hops, tmp_path, name):
    hop = next_hops(script=Script(recipient_replies={"you@far.example": ["451 4.2.0 Later"]}))
    run = sendmail(smart_host=f"127.0.0.1:{hop.port}", retry_min="1h", retry_max="2h", destination_pause="1s")
    named = [name, str(run.server.config)]
    taken(run("-f", ANN, "you@far.example"))
    wait_until(lambda: b"451 4.2.0 Later" in by_option(run, *named, "-bp").stdout, 15, "it waits")
    wait_until(lambda: run.server.queue_shows("deferred"), 15, "it waits")
    assert by_option(run, "-q", *named).returncode == 0
    wait_until(lambda: hop.recipients() == ["you@far.example"], 15, "it is tried again", hop.log_tail)
    (tmp_path / "bad.toml").write_text("hostnam = 3\n")
    for mode in ("-bp", "-q"):
        for bad in (str(tmp_path / "bad.toml"), "/nowhere/veredus.toml"):
            done = by_option(run, mode, name, bad)
            assert done.returncode == CONFIG and bad.encode() in done.stderr, done


def test_the_queue_without_a_server(sendmail):
    run = sendmail()
    run.server.stop()
    listed, tried = run("-bp"), run("-q")
    assert listed.returncode == 0 and b"empty" in listed.stdout, "who may read the storage reads it"
    assert tried.returncode == UNAVAILABLE and b"no server runs" in tried.stderr
    shutil.rmtree(run.server.folder / "storage")
    for mode in ("-bp", "-q"):
        assert run(mode).returncode == UNAVAILABLE
    run.server.start()


@pytest.mark.parametrize("served", [True, False], ids=["by_the_server", "by_the_folder"])
def test_reports_are_for_who_wants_them(sendmail, next_hops, served):
    hop = next_hops(script=Script(recipient_replies={"gone@far.example": ["550 5.1.1 Nobody here"] * 9}))
    run = sendmail(smart_host=f"127.0.0.1:{hop.port}")
    if not served:
        run.server.stop()
    taken(run("-N", "never", "-V", "first", "-f", YOU, "gone@far.example"))
    taken(run("-N", "failure", "-V", "second", "-f", YOU, "gone@far.example"))
    if not served:
        run.server.start()
    notice = run.server.wait_for_bounce("gone@far.example", YOU)
    assert "Original-Envelope-Id: second" in notice
    wait_until(lambda: len(run.server.log_lines("event=delivery_failed")) == 2, 15, "both have failed",
               run.server.log_tail)
    run.server.wait_for_empty_queue()
    assert len(run.server.mails(YOU)) == 1


EXIT_CODES = {
    "nobody named": ([], b"hi\n", USAGE),
    "nobody in the header": (["-t"], b"Subject: x\n\nhi\n", DATA_ERROR),
    "no such option": (["-y", OTHER], b"hi\n", USAGE),
    "no such mode": (["-bz"], b"", USAGE),
    "a bad report wish": (["-N", "always", OTHER], b"hi\n", USAGE),
    "a bad sender": (["-f", "a@b@c", OTHER], b"hi\n", USAGE),
    "a bad recipient": (["you@@far.example"], b"hi\n", USAGE),
    "a bad recipient in the header": (["-t"], b"To: you@@far.example\n\nhi\n", DATA_ERROR),
    "no such mailbox": (["-f", ANN, "nobody-here@example.test"], b"hi\n", NO_USER),
    "too large": (["-f", ANN, OTHER], b"x" * 200_000, DATA_ERROR),
    "no such configuration": (["-C", "/nowhere/veredus.toml", OTHER], b"hi\n", CONFIG),
}


def test_exit_codes(sendmail):
    run = sendmail(message_bytes_max=100_000)
    for name, (options, text, status) in EXIT_CODES.items():
        done = run(*options, text=text)
        assert done.returncode == status, f"{name}: {done.returncode}, {done.stderr.decode()}"
        assert done.stderr.startswith(b"sendmail: "), name
    done = run("-f", ANN, OTHER, "nobody-here@example.test")
    assert done.returncode == NO_USER and b"<nobody-here@example.test>: 550" in done.stderr
    run.server.wait_for_mails(1, OTHER)


def test_another_user_by_the_socket_and_by_the_folder(start_veredus, open_folder):
    """The storage is the server's alone; socket and drop folder are everybody's, and nobody reads the folder."""
    places = {"socket": str(open_folder / "run" / "submit"), "drop_folder": str(open_folder / "drop"),
              "domain": "example.test"}
    (open_folder / "run").mkdir()
    server = start_veredus(more={"sendmail": places})
    run = for_user(server, open_folder)
    taken(run("-i", OTHER))
    assert server.wait_for_mails(1, OTHER)[0].startswith(f"Return-Path: <{USER}@example.test>".encode())

    server.stop()
    texts = [f"Subject: waits {number}\n\n.\nhi\n".encode() for number in range(3)]
    for text in texts:
        taken(run("-i", OTHER, text=text))
    left = [path for path in (open_folder / "drop").iterdir() if path.is_file()]
    assert len(left) == len(texts), left
    assert subprocess.run(["ls", str(open_folder / "drop")], user=USER, group=65534, extra_groups=[],
                          capture_output=True, check=False).returncode != 0, "nobody else sees them"
    server.start()
    found = server.wait_for_mails(1 + len(texts), OTHER)
    assert sorted(mails.first_header(mail, "Subject") for mail in found)[1:] == [f"waits {i}" for i in range(3)]
    assert not any(path.is_file() for path in (open_folder / "drop").rglob("*"))


def test_what_the_folder_does_not_take_is_told(sendmail):
    run = sendmail()
    run.server.stop()
    drop = run.server.folder / "storage" / "drop"
    shutil.rmtree(drop, ignore_errors=True)
    drop.write_text("a file in its place")
    done = run(OTHER)
    assert done.returncode in (TEMPORARY, NO_PERMISSION) and b"does not take mail now" in done.stderr
    too_long = run(OTHER, text=b"x" * 70_000 + b"\n")
    assert too_long.returncode == DATA_ERROR, "what the server would never take isn't kept for it"


@pytest.mark.parametrize("fault, status", [("closed", NO_PERMISSION), ("missing", TEMPORARY), ("a_file", TEMPORARY)])
def test_a_folder_that_cannot_be_written(start_veredus, open_folder, fault, status):
    """What may be different later is a reason to try again; a door that is locked is not."""
    drop = open_folder / "drop"
    server = start_veredus(more={"sendmail": {"socket": str(open_folder / "submit"), "drop_folder": str(drop)}})
    run = for_user(server, open_folder)
    server.stop()
    if fault == "closed":
        drop.chmod(0o700)
    else:
        shutil.rmtree(drop)
    if fault == "a_file":
        drop.write_text("in its place")
    done = run(OTHER)
    assert done.returncode == status and b"the message cannot wait for it" in done.stderr, done


# Who calls it.

def test_mutt(sendmail, tmp_path):
    run = sendmail()
    (tmp_path / "muttrc").write_text(f'set sendmail="{run.path} -oem -oi"\nset from={ANN}\nset use_envelope_from=yes\n'
                                     "set copy=no\n")
    (tmp_path / "attached.bin").write_bytes(bytes(range(256)))
    done = subprocess.run(["mutt", "-n", "-F", tmp_path / "muttrc", "-s", "by mutt", "-b", YOU, "-a",
                           tmp_path / "attached.bin", "--", OTHER], input="Grüße\n.\n".encode(), env=run.environment,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    for address in (OTHER, YOU):
        mail = run.server.wait_for_mails(1, address)[0]
        assert mail.startswith(f"Return-Path: <{ANN}>".encode()) and "\nBcc:" not in head(mail)


def test_git_send_email(sendmail, tmp_path):
    run = sendmail()
    clients.git_send_email(tmp_path, ANN, OTHER, [f"--smtp-server={run.path}"], run.environment)
    assert b"Subject: [PATCH]" in run.server.wait_for_mails(1, OTHER)[0]


def test_php(sendmail):
    run = sendmail()
    code = (f"exit(mail('{OTHER}', 'by PHP', \"first\\n.\\nlast\\n\", ['From' => '{ANN}', 'Bcc' => '{YOU}'], "
            f"'-f{ANN}') ? 0 : 1);")
    done = subprocess.run(["php", "-d", f"sendmail_path={run.path} -t -i", "-r", code], env=run.environment,
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for address in (OTHER, YOU):
        mail = run.server.wait_for_mails(1, address)[0]
        assert mail.startswith(f"Return-Path: <{ANN}>".encode())
        assert b"last" in mail and "\nBcc:" not in head(mail)


def test_mail(sendmail, tmp_path):
    """Debian's mail(1), of bsd-mailx."""
    run = sendmail()
    (tmp_path / "mailrc").write_text(f"set sendmail={run.path}\n")
    done = clients.bsd_mailx("-s", "by mail", "-c", YOU, "-r", ANN, OTHER, text="first\nlast\n".encode(),
                             environment=run.environment | {"MAILRC": str(tmp_path / "mailrc")})
    assert done.returncode == 0, done.stderr.decode()
    for address in (OTHER, YOU):
        mail = run.server.wait_for_mails(1, address)[0]
        assert b"last" in mail and "\nSubject: by mail" in head(mail)


def test_cron(sendmail):
    """As cron calls it, with the header that it writes."""
    run = sendmail()
    taken(run("-i", "-FCronDaemon", "-B8BITMIME", "-oem", "other",
              text=b"From: root (Cron Daemon)\nTo: other\nSubject: Cron <root@here> true\nMIME-Version: 1.0\n"
                   b"Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n"
                   b"X-Cron-Env: <SHELL=/bin/sh>\n\nout\n"))
    assert "\nX-Cron-Env: <SHELL=/bin/sh>" in head(run.server.wait_for_mails(1, OTHER)[0])
