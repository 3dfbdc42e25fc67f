"""Accounts made by command, and clients that log in and submit: what they may send, and what they are told."""

import smtplib
import ssl
import subprocess

import pytest
from harness.waiting import free_port, wait_until

PASSWORD = "correct horse battery"
ANN = "ann@example.test"


def unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def manage(server, *arguments: str, text: bytes | None = None) -> subprocess.CompletedProcess:
    return server.command(*arguments, "--config", str(server.config), text=text)


def add_account(server, address: str = ANN, password: str = PASSWORD) -> None:
    done = manage(server, "account", "add", address, text=password.encode() + b"\n")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def submission(start_veredus):
    """Ports: `port` (smtp), `submission_port`, `submissions_port`; the account ann@example.test."""
    def start(**more):
        ports = free_port(), free_port(), free_port()
        server = start_veredus(port=ports[0], relay_networks=[], more={"listen": [
            {"address": f"127.0.0.1:{ports[0]}"},
            {"address": f"127.0.0.1:{ports[1]}", "service": "submission"},
            {"address": f"127.0.0.1:{ports[2]}", "service": "submissions"}]} | more)
        server.submission_port, server.submissions_port = ports[1:]
        add_account(server)
        return server
    return start


def login(server, user: str = ANN, password: str = PASSWORD) -> smtplib.SMTP:
    client = smtplib.SMTP("127.0.0.1", server.submission_port, local_hostname="client.example", timeout=30)
    client.starttls(context=unverified())
    client.login(user, password)
    return client


MESSAGE = b"From: ann@example.test\r\nTo: other@example.test\r\nBcc: hidden@example.test\r\nSubject: hello\r\n\r\nhi\r\n"


def test_a_message_is_completed_and_marked(submission):
    server = submission()
    with login(server) as client:
        client.sendmail(ANN, ["other@example.test"], MESSAGE)
    text = server.wait_for_mails(1, "other@example.test")[0].decode()
    assert "\nDate: " in text and "\nMessage-ID: <" in text
    assert "hidden@example.test" not in text
    assert "ESMTPSA" in text
    wait_until(lambda: server.log_lines("account=ann@example.test"), 5, "the log says so")


def test_an_account_has_a_mailbox(submission):
    server = submission()
    with smtplib.SMTP("127.0.0.1", server.port, timeout=30) as client:
        client.sendmail("someone@far.example", [ANN], "Subject: x\r\n\r\nx\r\n")
    server.wait_for_mails(1, ANN)


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_swaks_logs_in(submission, mechanism):
    server = submission()
    for port, tls in ((server.submission_port, "-tls"), (server.submissions_port, "-tlsc")):
        done = subprocess.run(
            ["swaks", "--server", f"127.0.0.1:{port}", tls, "--auth", mechanism, "--auth-user", ANN,
             "--auth-password", PASSWORD, "--from", ANN, "--to", "other@example.test"],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("mechanism", ["plain", "login", "scram-sha-1", "scram-sha-256"])
def test_msmtp_submits(submission, mechanism):
    server = submission()
    done = subprocess.run(
        ["msmtp", "--host=127.0.0.1", f"--port={server.submission_port}", "--tls=on", "--tls-starttls=on",
         "--tls-certcheck=off", f"--auth={mechanism}", f"--user={ANN}", f"--passwordeval=echo '{PASSWORD}'",
         f"--from={ANN}", "other@example.test"], input=MESSAGE, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    server.wait_for_mails(1, "other@example.test")
    wait_until(lambda: server.log_lines(f"mechanism={mechanism.upper()}"), 5, "the log says so")


def test_curl_submits(submission, tmp_path):
    server = submission()
    (tmp_path / "mail").write_bytes(MESSAGE)
    done = subprocess.run(
        ["curl", "--silent", "--show-error", "--insecure", "--url", f"smtps://127.0.0.1:{server.submissions_port}",
         "--user", f"{ANN}:{PASSWORD}", "--mail-from", ANN, "--mail-rcpt", "other@example.test", "--upload-file",
         str(tmp_path / "mail")], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    server.wait_for_mails(1, "other@example.test")


def test_without_tls_or_login_nothing_is_taken(submission):
    server = submission()
    with smtplib.SMTP("127.0.0.1", server.submission_port, timeout=30) as client:
        client.ehlo()
        assert not client.has_extn("auth")
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 530
        assert client.docmd("MAIL", "FROM:<ann@example.test>")[0] == 530
        client.starttls(context=unverified())
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<ann@example.test>")[0] == 530


def test_the_sender_must_be_the_accounts(submission):
    server = submission()
    with login(server) as client:
        code, text = client.docmd("MAIL", "FROM:<you@example.test>")
        assert (code, b"not an address of ann@example.test" in text) == (550, True)
        for sender in ("ann@example.test", "ANN@example.test", "ann+tag@example.test", ""):
            assert client.docmd("MAIL", f"FROM:<{sender}>")[0] == 250, sender
            client.rset()
        assert manage(server, "account", "send-as", ANN, "@example.test").returncode == 0
        assert client.docmd("MAIL", "FROM:<you@example.test>")[0] == 250


def test_the_from_field_must_be_the_accounts(submission):
    server = submission()
    with login(server) as client, pytest.raises(smtplib.SMTPDataError) as refusal:
        client.sendmail(ANN, ["other@example.test"], "From: boss@far.example\r\n\r\nhi\r\n")
    assert refusal.value.smtp_code == 550
    assert b"boss@far.example" in refusal.value.smtp_error


def test_amounts_are_limited(submission):
    server = submission()
    assert manage(server, "account", "limit", ANN, "--per-hour", "3").returncode == 0
    with login(server) as client:
        for _ in range(3):
            client.sendmail(ANN, ["other@example.test"], MESSAGE)
        with pytest.raises(smtplib.SMTPDataError) as refusal:
            client.sendmail(ANN, ["other@example.test"], MESSAGE)
    assert refusal.value.smtp_code == 451
    assert b"3 recipients in 1 hour" in refusal.value.smtp_error
    wait_until(lambda: server.log_lines("event=sending_limited"), 5, "the log says so")


def test_a_disabled_account_is_out_at_once(submission):
    server = submission()
    with login(server) as client:
        assert manage(server, "account", "disable", ANN).returncode == 0
        assert client.docmd("MAIL", f"FROM:<{ANN}>")[0] == 550
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server)


def test_accounts_outlive_a_restart_and_are_made_without_a_server(submission):
    server = submission()
    server.stop()
    add_account(server, "bob@example.test", "another password")
    server.start()
    for user, password in ((ANN, PASSWORD), ("bob@example.test", "another password")):
        login(server, user, password).quit()


def test_a_new_domain_is_served_at_once(submission):
    server = submission()
    assert manage(server, "domain", "add", "new.test").returncode == 0
    add_account(server, "eve@new.test")
    assert manage(server, "alias", "add", "all@new.test", "eve@new.test", ANN).returncode == 0
    with login(server, "eve@new.test") as client:
        client.sendmail("all@new.test", ["all@new.test"], "From: all@new.test\r\n\r\nhi\r\n")
    server.wait_for_mails(1, "eve@new.test")
    server.wait_for_mails(1, ANN)
    assert manage(server, "domain", "remove", "new.test").returncode != 0


def test_app_passwords_are_for_their_protocol_and_can_be_ended(submission):
    server = submission()
    passwords = {}
    for name, protocols in (("phone", "submission,imap"), ("reader", "imap")):
        done = manage(server, "account", "app-password", "add", ANN, name, "--for", protocols)
        assert done.returncode == 0, done.stderr
        passwords[name] = done.stdout.decode().split()[-1]
    login(server, ANN, passwords["phone"]).quit()
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server, ANN, passwords["reader"])
    assert manage(server, "account", "app-password", "remove", ANN, "phone").returncode == 0
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server, ANN, passwords["phone"])


def test_guessing_gets_slow_and_the_honest_still_get_in(submission):
    server = submission()
    login(server).quit()
    throttled = 0
    for i in range(12):
        try:
            login(server, "bob@example.test", f"guess {i}")
        except smtplib.SMTPAuthenticationError as refusal:
            throttled += refusal.smtp_code == 454
    assert throttled > 0
    wait_until(lambda: server.log_lines("event=auth_failed"), 5, "the log says so")
    assert not [line for line in server.log_lines("") if "guess " in line]


def test_sendmail_hands_over_to_the_server_and_keeps_the_message_when_there_is_none(submission):
    server = submission()
    for expected, subject in ((1, b"one"), (2, b"two")):
        done = server.command("sendmail", "-C", str(server.config), "-i", "-t", "-f", ANN,
                              text=b"To: other@example.test\nSubject: " + subject + b"\n\n.\nend\n")
        assert done.returncode == 0, done.stderr
        if subject == b"two":
            server.start()
        server.wait_for_mails(expected, "other@example.test")
        if subject == b"one":
            server.stop()
    assert any(b"Subject: two" in mail for mail in server.mails("other@example.test"))
