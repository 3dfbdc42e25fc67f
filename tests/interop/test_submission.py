"""Accounts made by command, and clients that log in and submit: what they may send, and what they are told."""

import smtplib
import subprocess

import pytest
from harness import clients, mails
from harness.accounts import ANN, MESSAGE, PASSWORD, SYSTEM_PASSWORD, add_account, login, manage, unverified
from harness.certificates import Authority
from harness.raw_client import RawClient
from harness.waiting import wait_until


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


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN"])
def test_nodemailer_submits(submission, peer_root_ready, mechanism):
    server = submission()
    for port, start in ((server.submission_port, "starttls"), (server.submissions_port, "tls")):
        done = clients.nodemailer_login(port, start, ANN, PASSWORD, mechanism, ["other@example.test"], MESSAGE)
        assert done.returncode == 0, done.stderr.decode()
    server.wait_for_mails(2, "other@example.test")
    assert len(server.log_lines(f"mechanism={mechanism}")) == 2
    wrong = clients.nodemailer_login(port, start, ANN, "wrong", mechanism, ["other@example.test"], MESSAGE)
    assert wrong.returncode == 1 and b"535 5.7.8" in wrong.stderr


@pytest.fixture
def trusted(submission, tmp_path):
    """trusted(): as submission(), with a certificate for localhost by an authority; both."""
    authority = Authority(tmp_path / "authority")
    def start(**more):
        more["certificate"] = [authority.certify("localhost", extension="DNS:localhost,IP:127.0.0.1").table()]
        more["tls"] = {"client_ca_file": str(authority.file)}
        return submission(**more), authority
    return start


def test_mutt_submits(trusted, tmp_path):
    """Debian 12's takes a mechanism with -PLUS where one is offered, and cannot do it: docs/accounts.md."""
    server, authority = trusted()
    settings = [f'set smtp_url="smtp://{ANN.replace("@", "%40")}@127.0.0.1:{server.submission_port}"',
                f'set smtp_pass="{PASSWORD}"', 'set smtp_authenticators="scram-sha-256"',
                f'set from="{ANN}"', "set ssl_force_tls=yes", "set copy=no",
                f'set ssl_ca_certificates_file="{authority.file}"']
    (tmp_path / "muttrc").write_text("\n".join(settings) + "\n")
    done = subprocess.run(["mutt", "-n", "-F", tmp_path / "muttrc", "-s", "by mutt", "other@example.test"],
                          input=b"Gr\xc3\xbc\xc3\x9fe\n", capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"Subject: by mutt" in server.wait_for_mails(1, "other@example.test")[0]


def test_git_send_email_submits(trusted, tmp_path):
    server, authority = trusted()
    clients.git_send_email(tmp_path, ANN, "other@example.test", [
        "--smtp-server=localhost", f"--smtp-server-port={server.submission_port}", "--smtp-encryption=tls",
        f"--smtp-ssl-cert-path={authority.file}", f"--smtp-user={ANN}", f"--smtp-pass={PASSWORD}"])
    assert b"Subject: [PATCH]" in server.wait_for_mails(1, "other@example.test")[0]


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-1"])
def test_gsasl_logs_in(trusted, mechanism):
    """gsasl(1) binds to the channel with -PLUS; where it could and need not, it refuses to go on."""
    server, authority = trusted()
    def gsasl(password: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["gsasl", "--smtp", f"--connect=localhost:{server.submission_port}", f"--x509-ca-file={authority.file}",
             f"--mechanism={mechanism}", f"--authentication-id={ANN}", f"--authorization-id={ANN}",
             f"--password={password}", "--hostname=localhost", *([] if "PLUS" in mechanism else ["--no-cb"])], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    done = gsasl(PASSWORD)
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    wait_until(lambda: server.log_lines(f"mechanism={mechanism}"), 5, "the log says so", server.log_tail)
    assert gsasl("wrong").returncode != 0


def test_a_certificate_logs_in(trusted, authority_of_others):
    server, authority = trusted()
    def msmtp(certificate) -> subprocess.CompletedProcess:
        return subprocess.run(
            ["msmtp", "--host=127.0.0.1", f"--port={server.submission_port}", "--tls=on", "--tls-certcheck=off",
             "--auth=external", f"--user={ANN}", f"--tls-cert-file={certificate.file}",
             f"--tls-key-file={certificate.key}", f"--from={ANN}", "other@example.test"], input=MESSAGE,
            capture_output=True, timeout=60, check=False)
    done = msmtp(authority.certify("ann", extension=f"email:{ANN}"))
    assert done.returncode == 0, done.stderr.decode()
    server.wait_for_mails(1, "other@example.test")
    wait_until(lambda: server.log_lines("mechanism=EXTERNAL"), 5, "the log says so")
    for useless in (authority.certify("bob", extension="email:bob@example.test"),
                    authority_of_others.certify("false", extension=f"email:{ANN}")):
        assert msmtp(useless).returncode != 0
    assert len(server.mails("other@example.test")) == 1


def test_our_own_certificate_logs_in_at_a_smart_host(trusted, start_veredus):
    """No password: AUTH EXTERNAL, by the certificate that we show."""
    server, authority = trusted()
    ours = authority.certify("front", extension=f"email:{ANN}")
    front = start_veredus("front", smart_host=f"localhost:{server.submission_port}", more={
        "relay": {"smart_host_user": ANN}, "tls": {"ca_file": str(authority.file)},
        "domain": [{"name": "front.example", "mailboxes": ["you"]}],
        "deliver": {"ipv6": False, "certificate": str(ours.file), "key": str(ours.key)}})
    front.send(ANN, "other@example.test", MESSAGE)
    server.wait_for_mails(1, "other@example.test")
    wait_until(lambda: server.log_lines("mechanism=EXTERNAL"), 5, "the log says so")


@pytest.fixture
def authority_of_others(tmp_path):
    return Authority(tmp_path / "others")


def test_a_quota_holds_until_there_is_room(submission):
    server = submission()
    assert manage(server, "account", "quota", ANN, "20KiB").returncode == 0
    letter = mails.mail("large", "x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 160)
    for _ in range(2):
        server.send("me@client.example", ANN, letter)
    wait_until(lambda: server.queue_shows("4.2.2 The mailbox is full"), 15, "the second one waits", server.log_tail)
    for path in server.maildir(ANN).glob("new/*"):
        path.unlink()
    assert manage(server, "queue", "retry", "--all").returncode == 0
    server.wait_for_mails(1, ANN)
    server.wait_for_empty_queue()


def test_users_of_the_system_log_in_through_pam(submission, pam_service):
    server = submission(accounts={"pam_domains": ["example.test"], "pam_service": pam_service})
    done = subprocess.run(
        ["swaks", "--server", f"127.0.0.1:{server.submission_port}", "-tls", "--auth", "PLAIN", "--auth-user", ANN,
         "--auth-password", SYSTEM_PASSWORD, "--from", ANN, "--to", "other@example.test"],
        capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server)  # With the password that is kept here.
    with pytest.raises(smtplib.SMTPAuthenticationError):
        login(server, user="you@example.test", password=SYSTEM_PASSWORD)


@pytest.mark.parametrize("hidden", [True, False])
def test_where_the_client_is_may_be_hidden(submission, hidden):
    server = submission(submission={"hide_client": hidden})
    with login(server) as client:
        client.sendmail(ANN, ["other@example.test"], MESSAGE)
    text = server.wait_for_mails(1, "other@example.test")[0].decode()
    assert text.count("Received: ") == 1
    assert ("client.example" in text, "127.0.0.1" in text) == (not hidden, not hidden)
    assert server.log_lines("client=127.0.0.1"), "we know all the same"


def test_who_logs_in_on_port_25_where_that_is_offered(submission):
    server = submission(submission={"on_smtp": True})
    with smtplib.SMTP("127.0.0.1", server.port, local_hostname="client.example", timeout=30) as client:
        client.ehlo()
        assert "PLAIN" not in client.esmtp_features["auth"].split(), "passwords go through TLS alone"
        client.starttls(context=unverified())
        client.login(ANN, PASSWORD)
        assert client.docmd("MAIL", f"FROM:<{ANN}> AUTH=<>")[0] == 250
        assert client.docmd("RCPT", "TO:<you@far.example>")[0] == 250


def test_an_exchange_may_be_cancelled_and_must_be_sound(submission):
    server = submission()
    with RawClient(server.submission_port) as client:
        client.greet()
        assert client.ask("STARTTLS").code == 220
        client.socket = unverified().wrap_socket(client.socket)
        assert "AUTH" in client.ask("EHLO client.example").text
        for lines, codes in ((["AUTH PLAIN", "*"], [334, 501]), (["AUTH LOGIN", "!!!"], [334, 501]),
                             (["AUTH PLAIN ==="], [501]), (["AUTH NTLM"], [504]), (["AUTH"], [501]),
                             (["AUTH PLAIN", "A" * 13_000], [334, 500])):
            for line, code in zip(lines, codes, strict=True):
                reply = client.ask(line)
                assert reply.code == code, f"{line[:40]}: {reply}"
        assert client.ask("NOOP").code == 250


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


def test_a_refused_message_uses_up_nothing(submission):
    server = submission()
    assert manage(server, "account", "limit", ANN, "--per-hour", "3").returncode == 0
    with login(server) as client:
        for _ in range(3):
            with pytest.raises(smtplib.SMTPDataError) as refusal:
                client.sendmail(ANN, ["other@example.test"], MESSAGE.replace(b"From: ann@", b"From: boss@"))
            assert refusal.value.smtp_code == 550
        for _ in range(3):
            client.sendmail(ANN, ["other@example.test"], MESSAGE)


def test_a_password_that_changes_ends_what_it_began(submission):
    server = submission()
    made = manage(server, "account", "app-password", "add", ANN, "phone")
    assert made.returncode == 0, made.stderr
    with login(server) as main, login(server, password=made.stdout.decode().split()[-1]) as phone:
        assert main.docmd("MAIL", f"FROM:<{ANN}>")[0] == phone.docmd("MAIL", f"FROM:<{ANN}>")[0] == 250
        main.rset()
        phone.rset()
        assert manage(server, "account", "password", ANN, text=b"another horse entirely\n").returncode == 0
        assert main.docmd("MAIL", f"FROM:<{ANN}>") == (
            550, b"5.7.13 The password that you logged in with is not valid any more")
        assert phone.docmd("MAIL", f"FROM:<{ANN}>")[0] == 250, "the other password still is"
        phone.rset()
        assert manage(server, "account", "app-password", "remove", ANN, "phone").returncode == 0
        assert phone.docmd("MAIL", f"FROM:<{ANN}>")[0] == 550


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
