"""Smart hosts that want a user and a password: Postfix with Dovecot, Exim, another Veredus. All under TLS."""

import pytest
from harness import mails
from harness.accounts import ANN, PASSWORD
from harness.next_hop import ALL_EXTENSIONS, Script
from harness.waiting import wait_until
from peer_dovecot import PASSWORD as DOVECOT_PASSWORD
from peer_exim import Login


@pytest.fixture
def front(start_veredus, authority, tmp_path):
    """front(port, password): a server that sends everything to `localhost` there, as ANN."""
    def start(port: int, password: str = PASSWORD):
        (tmp_path / "password").write_text(password + "\n")
        return start_veredus("front", smart_host=f"localhost:{port}", more={
            "relay": {"smart_host_user": ANN, "smart_host_password_file": str(tmp_path / "password")},
            "domain": [{"name": "front.example", "mailboxes": ["you"]}],
            "tls": {"ca_file": str(authority.file)}, "deliver": {"ipv6": False}})
    return start


@pytest.fixture
def chain(authority) -> bytes:
    """Key and certificate of localhost in one file."""
    certificate = authority.certify("localhost")
    return certificate.key.read_bytes() + certificate.file.read_bytes()


def deliver(server) -> str:
    """A mail through it; what to look for behind."""
    token = mails.token()
    server.send(ANN, "other@example.test", f"From: {ANN}\r\nSubject: {token}\r\n\r\nhi\r\n".encode())
    server.wait_for_empty_queue()
    return token


def wait_for_refusal(server) -> str:
    """What is said of a mail that the smart host does not take."""
    server.send(ANN, "other@example.test", mails.mail("too early"))
    wait_until(lambda: server.queue_shows("other@example.test", "deferred"), 15, "it waits", server.log_tail)
    return str(server.queue())


@pytest.fixture
def postfix_with_dovecot(postfix, dovecot, chain):
    """postfix_with_dovecot(mechanism): takes mail from who has logged in by that one."""
    def start(mechanism: str):
        sasl = dovecot([ANN], mechanisms=mechanism)
        return postfix(files={"chain.pem": chain}, settings={
            "smtpd_tls_security_level": "may", "smtpd_tls_chain_files": "{here}/etc/chain.pem",
            "smtpd_tls_auth_only": "yes", "smtpd_sasl_auth_enable": "yes", "smtpd_sasl_type": "dovecot",
            "smtpd_sasl_path": f"{sasl.inside_folder}/auth.socket", "smtpd_sasl_security_options": "noanonymous",
            "smtpd_recipient_restrictions": "permit_sasl_authenticated, reject"})
    return start


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256"])
def test_postfix_with_dovecot(front, postfix_with_dovecot, mechanism):
    hop = postfix_with_dovecot(mechanism.lower())
    token = deliver(front(hop.port, DOVECOT_PASSWORD))
    wait_until(lambda: mails.find_in_maildir(hop.folder / "mail", token), 20, "the mail in its Maildir")
    log = (hop.folder / "postfix.log").read_text()
    assert f"sasl_method={mechanism}, sasl_username={ANN}" in log


@pytest.mark.parametrize("mechanism", ["plain", "scram-sha-256"])
def test_postfix_with_dovecot_and_a_wrong_password(front, postfix_with_dovecot, mechanism):
    hop = postfix_with_dovecot(mechanism)
    server = front(hop.port, "another password")
    assert "535 5.7.8" in wait_for_refusal(server)
    assert not mails.maildir_files(hop.folder / "mail")
    assert not server.log_lines("another password")


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_exim(front, exim, chain, mechanism):
    hop = exim(login=Login(mechanism, ANN, PASSWORD), files={"chain.pem": chain}, settings={
        "tls_certificate": "{here}/chain.pem", "tls_privatekey": "{here}/chain.pem"})
    token = deliver(front(hop.port))
    wait_until(lambda: mails.find_in_maildir(hop.folder / "mail", token), 20, "the mail in its Maildir")
    assert f" A=it:{ANN} " in (hop.folder / "mainlog").read_text()


def test_another_veredus_by_the_best_it_has(front, submission, authority):
    hop = submission(certificate=[authority.certify("localhost").table()])
    token = deliver(front(hop.submission_port))
    assert token.encode() in hop.wait_for_mails(1, "other@example.test")[0]
    wait_until(lambda: hop.log_lines("event=auth_ok"), 5, "the log says so")
    assert "mechanism=SCRAM-SHA-256-PLUS" in hop.log_lines("event=auth_ok")[0]


def test_a_smart_host_that_does_not_know_the_password_gets_no_mail(front, next_hops, authority):
    """It says yes to everything, which with SCRAM is not enough."""
    hop = next_hops(script=Script(certificate=authority.certify("localhost"),
                                  extensions=(*ALL_EXTENSIONS, "AUTH SCRAM-SHA-256")))
    assert "did not prove that it knows the password" in wait_for_refusal(front(hop.port))
    assert any("AUTH" in line for line in hop.commands), hop.commands
    assert not any("MAIL" in line for line in hop.commands), hop.commands
