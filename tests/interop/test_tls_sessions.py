"""What lasts longer than one connection: sessions that are resumed, and files that change while the server runs."""

import os
import shutil
import signal
import ssl

import pytest
from harness import mails
from harness.accounts import ANN, TlsClient, add_account, start_tls, unverified
from harness.certificates import Authority
from harness.clients import s_client
from harness.config import HOSTNAME
from harness.next_hop import Script
from harness.waiting import wait_until

NEW = "new.example.test"
LOOK_SECONDS = 30  # How often the server looks at its files.
BOB = "bob@example.test"


def reload(server) -> None:
    before = len(server.log_lines("event=reloaded"))
    os.kill(server.pid, signal.SIGHUP)
    wait_until(lambda: len(server.log_lines("event=reloaded")) > before, 10, "it has reloaded", server.log_tail)


def replace_certificate(authority: Authority) -> None:
    """In place: for NEW besides."""
    certificate = authority.certify("new", HOSTNAME, NEW)
    shutil.copy(certificate.key, authority.folder / f"{HOSTNAME}.key")
    shutil.copy(certificate.file, authority.folder / f"{HOSTNAME}.pem")


def shows_new_certificate(server, authority: Authority) -> bool:
    return s_client(server, "-CAfile", str(authority.file), "-verify_return_error", "-verify_hostname",
                    NEW).returncode == 0


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_sessions_are_resumed(secure, authority, tmp_path, version):
    kept = str(tmp_path / "session")
    def begin(*options: str) -> str:
        done = s_client(secure, version, *options, "-sess_out", kept, shows_session=True)
        assert done.returncode == 0, done.stderr
        return "reused" if "\nReused, TLSv1" in done.stdout else "new" if "\nNew, TLSv1" in done.stdout else done.stdout
    assert begin() == "new"
    assert begin("-sess_in", kept) == "reused"
    replace_certificate(authority)
    reload(secure)
    assert begin("-sess_in", kept) == "reused"
    assert shows_new_certificate(secure, authority), "to whoever comes anew"
    secure.stop()
    secure.start()
    assert begin("-sess_in", kept) == "new", "the keys were the process's"


def test_a_reload_is_over_when_the_new_certificate_is_in_use(start_veredus, authority):
    """With so many certificates it takes a while."""
    first = authority.certify(HOSTNAME)
    server = start_veredus(more={"certificate": [first.table()] * 300})
    replace_certificate(authority)
    reload(server)
    with start_tls(server) as client:
        shown = client.socket.getpeercert(binary_form=True)
    assert shown == ssl.PEM_cert_to_DER_cert(first.file.read_text()), "still the old one"


def test_a_certificate_that_changes_is_taken_without_a_word(start_veredus, authority, clock):
    server = start_veredus(at=clock, more={"certificate": [authority.certify(HOSTNAME).table()]})
    replace_certificate(authority)
    assert not shows_new_certificate(server, authority)
    clock.pass_time(seconds=LOOK_SECONDS)
    wait_until(lambda: shows_new_certificate(server, authority), 10, "the new certificate", server.log_tail)
    server.errors_expected = True
    (authority.folder / f"{HOSTNAME}.key").write_text("junk\n")
    clock.pass_time(seconds=LOOK_SECONDS)
    wait_until(lambda: server.log_lines("event=tls_reload_failed"), 10, "the log says so", server.log_tail)
    assert "holds no private key" in server.log_lines("event=tls_reload_failed")[0]
    assert shows_new_certificate(server, authority), "one that cannot be used changes nothing"


def test_authorities_that_change_are_taken_without_a_word(start_veredus, next_hops, authority, clock, tmp_path):
    trusted = tmp_path / "trusted.pem"
    shutil.copy(Authority(tmp_path / "others").file, trusted)
    hop = next_hops(script=Script(certificate=authority.certify("localhost")))
    server = start_veredus(at=clock, more={
        "route": [{"domain": "far.example", "to": f"localhost:{hop.port}", "tls": "verify"}],
        "tls": {"ca_file": str(trusted)}, "deliver": {"ipv6": False}})
    server.send("me@client.example", "you@far.example", mails.mail("waits for trust"))
    wait_until(lambda: server.queue_shows("nobody trusted here has issued it"), 15, "it waits", server.log_tail)
    shutil.copy(authority.file, trusted)
    clock.pass_time(seconds=LOOK_SECONDS)
    server.wait_for_empty_queue()
    assert hop.recipients() == ["you@far.example"]


class CertificateLogins:
    """A server, the file of the authorities whose certificates it takes, and clients that log in by one. `revoked`
    is its list, at first of a certificate that nobody has."""

    def __init__(self, submission, folder, authority: Authority):
        self.authority = authority
        self.trusted = folder / "trusted.pem"
        shutil.copy(authority.file, self.trusted)
        self.revoked = authority.revoke(authority.certify("nobody", extension="email:nobody@example.test"))
        self.server = submission(certificate=[authority.certify(HOSTNAME).table()],
                                 tls={"client_ca_file": str(self.trusted), "crl_file": str(self.revoked)})

    def login(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> ssl.SSLSession:
        """Which can be resumed."""
        with TlsClient(self.server.submissions_port, context=context, session=session) as client:
            assert client.socket.session_reused == bool(session)
            client.greet()
            reply = client.ask("AUTH EXTERNAL =")
            assert reply.code == 235, str(reply)
            return client.socket.session

    def refuses(self, context: ssl.SSLContext, session: ssl.SSLSession | None = None) -> bool:
        """Whether the session is resumed or not."""
        with TlsClient(self.server.submissions_port, context=context, session=session) as client:
            is_offered = "EXTERNAL" in client.greet().text
            reply = client.ask("AUTH EXTERNAL =")
            assert is_offered == (reply.code == 235), str(reply)
            return not is_offered and client.ask(f"MAIL FROM:<{ANN}>").code == 530

    def reload_until_refused(self, context: ssl.SSLContext, session: ssl.SSLSession) -> None:
        reload(self.server)
        wait_until(lambda: self.refuses(context, session), 5, "who resumes the session is refused",
                   self.server.log_tail)
        assert self.refuses(context)


def showing(certificate, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    context = unverified()
    context.minimum_version = context.maximum_version = version
    context.load_cert_chain(certificate.file, certificate.key)
    return context


@pytest.fixture
def logins(submission, authority, tmp_path):
    return CertificateLogins(submission, tmp_path, authority)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_no_session_outlives_the_trust_in_its_authority(logins, tmp_path, version):
    ann = showing(logins.authority.certify("ann", extension=f"email:{ANN}"), version)
    session = logins.login(ann)
    session = logins.login(ann, session)
    shutil.copy(Authority(tmp_path / "others").file, logins.trusted)
    logins.reload_until_refused(ann, session)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3], ids=["1.2", "1.3"])
def test_a_certificate_that_was_revoked_logs_nobody_in(logins, version):
    add_account(logins.server, BOB)
    certificate = logins.authority.certify("ann", extension=f"email:{ANN}")
    ann = showing(certificate, version)
    bob = showing(logins.authority.certify("bob", extension=f"email:{BOB}"), version)
    session = logins.login(ann)
    logins.login(bob)
    logins.authority.revoke(certificate)
    logins.reload_until_refused(ann, session)
    logins.login(bob)
