"""TLS with real programs on the other side: who may speak what, and which certificate is good for what."""

import os
import re
import signal
import smtplib
import ssl
import subprocess
import time

import pytest
from harness import mails
from harness.clients import s_client
from harness.config import HOSTNAME as HOST
from harness.raw_client import Gone, RawClient
from harness.waiting import wait_until

@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_s_client_verifies_us(secure, authority, version):
    for port in (None, secure.tls_port):
        done = s_client(secure, version, "-CAfile", str(authority.file), "-verify_return_error", "-servername", HOST,
                        "-verify_hostname", HOST, text="EHLO client.example\nQUIT\n", port=port)
        assert done.returncode == 0, done.stderr
        assert "250-SIZE" in done.stdout
        assert "STARTTLS" not in done.stdout.split("250-SIZE")[1]


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(secure, version):
    done = s_client(secure, version, "-cipher", "ALL:@SECLEVEL=0")
    assert done.returncode != 0
    wait_until(lambda: secure.log_lines("event=tls_failed"), 5, "the log says so")


def test_the_name_asked_for_chooses_the_certificate(secure, authority):
    for name in (HOST, "mail.other.test"):
        done = s_client(secure, "-CAfile", str(authority.file), "-verify_return_error", "-servername", name,
                        "-verify_hostname", name)
        assert done.returncode == 0, done.stderr


def test_sslscan_finds_sound_versions_and_ciphers_alone(secure):
    done = subprocess.run(["sslscan", "--no-colour", f"127.0.0.1:{secure.tls_port}"], capture_output=True, text=True,
                          timeout=120, check=False)
    versions = dict(re.findall(r"^(SSLv\d|TLSv1\.\d)\s+(enabled|disabled)", done.stdout, re.MULTILINE))
    assert {name for name, state in versions.items() if state == "enabled"} == {"TLSv1.2", "TLSv1.3"}, done.stdout
    ciphers = re.findall(r"^(?:Preferred|Accepted)\s+TLSv1\.2\s+\d+ bits\s+(\S+)", done.stdout, re.MULTILINE)
    assert ciphers, done.stdout
    assert all(name.startswith("ECDHE-") and ("GCM" in name or "CHACHA20" in name) for name in ciphers), ciphers
    assert "Session renegotiation not supported" in done.stdout
    assert "not vulnerable to heartbleed" in done.stdout


def test_swaks_and_python_send_under_tls(secure, authority):
    done = subprocess.run(["swaks", "--server", secure.address, "--tls", "--to", "you@example.test"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout
    trust = ssl.create_default_context(cafile=str(authority.file))
    with smtplib.SMTP("127.0.0.1", secure.port) as client:
        client._host = HOST  # The name that the certificate must have.
        client.starttls(context=trust)
        client.sendmail("me@client.example", ["you@example.test"], mails.mail("python"))
    wait_until(lambda: len(secure.mails()) == 2, 10, "both arrive")
    for mail in secure.mails():
        field = re.sub(r"\r?\n\s+", " ", mail.decode().split("Received: ")[1])
        assert " with ESMTPS id " in field and " tls TLS_AES_256_GCM_SHA384;" in field and "(TLSv1.3)" in field


def test_nothing_goes_through_submission_without_a_login(secure, authority):
    trust = ssl.create_default_context(cafile=str(authority.file))
    trust.check_hostname = False
    with smtplib.SMTP_SSL("127.0.0.1", secure.tls_port, context=trust) as client:
        client.ehlo()
        assert client.mail("me@client.example")[0] == 530
        assert client.rcpt("you@example.test")[0] == 503


def test_what_comes_with_starttls_in_one_packet_ends_the_session(secure):
    with RawClient(secure.port) as client:
        client.greet()
        client.send(b"STARTTLS\r\nMAIL FROM:<injected@client.example>\r\n")
        assert client.reply().code == 554
        with pytest.raises((Gone, AssertionError)):
            client.reply()
    wait_until(lambda: secure.log_lines("event=spoke_before_tls"), 5, "the log says so")


def test_what_was_said_before_tls_is_forgotten(secure):
    with RawClient(secure.port) as client:
        client.greet()
        assert client.ask("MAIL FROM:<before@client.example>").code == 250
        assert client.ask("STARTTLS").code == 503, "not within a transaction"
        assert client.ask("RSET").code == 250
        assert client.ask("STARTTLS now").code == 501
        assert client.ask("STARTTLS").code == 220
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        client.socket = trust.wrap_socket(client.socket)
        assert client.ask("MAIL FROM:<after@client.example>").code == 503
        assert client.ask("EHLO client.example").code == 250
        assert client.ask("STARTTLS").code == 503


def test_garbage_instead_of_a_handshake(secure):
    for octets in (b"EHLO client.example\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 1000, b"\0" * 100):
        with RawClient(secure.tls_port) as client, pytest.raises((Gone, AssertionError, UnicodeDecodeError)):
            client.send(octets)
            client.reply()
    with smtplib.SMTP("127.0.0.1", secure.port) as client:
        assert client.ehlo()[0] == 250


@pytest.fixture
def behind(start_veredus, authority):
    """behind(certificate, tls="verify", ...): a Veredus with that certificate as `localhost`, and one in front that
    sends mail for far.example there."""
    def start(certificate, tls: str, revoked: bool = False):
        hop = start_veredus("hop", hostname="localhost", more={
            "certificate": [certificate.table()], "domain": [{"name": "far.example", "mailboxes": ["you"]}]})
        trust = {"ca_file": str(authority.file)} | ({"crl_file": str(authority.revocations)} if revoked else {})
        front = start_veredus("front", more={
            "route": [{"domain": "far.example", "to": f"localhost:{hop.port}", "tls": tls}], "tls": trust,
            "deliver": {"ipv6": False, "host_pause": "1s"}})
        return front, hop
    return start


def send_through(front) -> None:
    front.send("me@client.example", "you@far.example", mails.mail("secret"))


@pytest.mark.parametrize("tls", ["opportunistic", "require", "verify"])
def test_a_good_certificate_is_good_for_all(behind, authority, tls):
    front, hop = behind(authority.certify("localhost"), tls)
    send_through(front)
    wait_until(lambda: hop.mails("you@far.example"), 15, "the mail behind")
    assert b"with ESMTPS id" in re.sub(rb"\r?\n\s+", b" ", hop.mails("you@far.example")[0])
    story = front.command("trace", "you@far.example", "--config", str(front.config)).stdout.decode()
    assert "TLSv1.3 TLS_AES_256_GCM_SHA384, verified" in story


BAD = {
    "expired": (dict(begins="20200101000000Z", ends="20210101000000Z"), ("localhost",), "has expired"),
    "wrong_name": ({}, ("elsewhere.example",), "it is for elsewhere.example, not for localhost"),
    "self_signed": (dict(self_signed=True), ("localhost",), "self-signed"),
    "revoked": ({}, ("localhost",), "it was revoked"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("tls", ["opportunistic", "require", "verify"])
def test_bad_certificates(behind, authority, kind, tls):
    how, names, problem = BAD[kind]
    certificate = authority.certify("localhost", *names, **how)
    if kind == "revoked":
        authority.revoke(certificate)
    front, hop = behind(certificate, tls, revoked=kind == "revoked")
    send_through(front)
    if tls == "verify":
        wait_until(lambda: front.queue_shows("you@far.example", "deferred"), 15, "it waits")
        why = front.command("queue", "why", "you@far.example", "--config", str(front.config)).stdout.decode()
        assert problem in re.sub(r"\s+", " ", why)
        assert not hop.mails("you@far.example")
        return
    wait_until(lambda: hop.mails("you@far.example"), 15, "the mail behind")
    story = front.command("trace", "you@far.example", "--config", str(front.config)).stdout.decode()
    assert "not verified: " in story and problem in re.sub(r"\s+", " ", story)


@pytest.mark.parametrize("tls", ["opportunistic", "require", "verify"])
def test_a_host_without_starttls(start_veredus, next_hops, tls):
    hop = next_hops()
    front = start_veredus(more={"route": [{"domain": "far.example", "to": f"127.0.0.1:{hop.port}", "tls": tls}]})
    send_through(front)
    if tls == "opportunistic":
        wait_until(lambda: hop.received, 15, "the mail at the next hop")
    else:
        wait_until(lambda: front.queue_shows("you@far.example", "deferred"), 15, "it waits")
        why = front.command("queue", "why", "you@far.example", "--config", str(front.config)).stdout.decode()
        assert "does not offer TLS" in re.sub(r"\s+", " ", why)
        assert not hop.received


def test_veredus_send_under_tls(secure):
    """Our own client: STARTTLS, TLS from the start, and a certificate that nobody here trusts."""
    def send(port: int, *options: str) -> subprocess.CompletedProcess:
        return secure.command("send", "--server", f"127.0.0.1:{port}", "--from", "me@client.example", "--to",
                              "you@example.test", "--verbose", *options)
    for _ in range(2):
        done = send(secure.port, "--tls")
        assert done.returncode == 0 and b"(TLS: TLSv1.3" in done.stderr, done.stderr.decode()
    assert all(b"with ESMTPS id" in re.sub(rb"\r?\n\s+", b" ", mail) for mail in secure.wait_for_mails(2))
    done = send(secure.tls_port, "--tls-on-connect")
    assert done.returncode == 1 and b"(TLS: TLSv1.3" in done.stderr and b"530" in done.stderr
    refused = send(secure.port, "--verify")
    assert refused.returncode == 1 and b"EHLO" in refused.stderr and b"MAIL" not in refused.stderr


def test_postfix_behind_us_that_wants_tls(postfix, start_veredus, authority):
    certificate = authority.certify("localhost")
    server = postfix(settings={"smtpd_tls_security_level": "encrypt", "smtpd_tls_chain_files": "{here}/etc/chain.pem"},
                     files={"chain.pem": certificate.key.read_bytes() + certificate.file.read_bytes()})
    front = start_veredus(more={
        "route": [{"domain": "far.example", "to": f"localhost:{server.port}", "tls": "verify"}],
        "tls": {"ca_file": str(authority.file)}, "deliver": {"ipv6": False}})
    send_through(front)
    wait_until(lambda: mails.find_in_maildir(server.folder / "mail", "secret"), 20, "the mail in Postfix's Maildir")


@pytest.mark.parametrize("shown", [True, False])
def test_postfix_behind_us_that_wants_our_certificate(postfix, start_veredus, authority, shown):
    certificate, ours = authority.certify("localhost"), authority.certify("ours", HOST)
    server = postfix(
        settings={"smtpd_tls_security_level": "encrypt", "smtpd_tls_chain_files": "{here}/etc/chain.pem",
                  "smtpd_tls_CAfile": "{here}/etc/ca.pem", "smtpd_tls_req_ccert": "yes"},
        files={"chain.pem": certificate.key.read_bytes() + certificate.file.read_bytes(),
               "ca.pem": authority.file.read_bytes()})
    front = start_veredus(more={
        "route": [{"domain": "far.example", "to": f"localhost:{server.port}", "tls": "verify"}],
        "tls": {"ca_file": str(authority.file)},
        "deliver": {"ipv6": False} | ({"certificate": str(ours.file), "key": str(ours.key)} if shown else {})})
    send_through(front)
    if shown:
        wait_until(lambda: mails.find_in_maildir(server.folder / "mail", "secret"), 20, "the mail in Postfix's Maildir")
    else:
        wait_until(lambda: front.queue_shows("you@far.example", "deferred"), 15, "it waits")
        assert not mails.find_in_maildir(server.folder / "mail", "secret")


def test_postfix_before_us_verifies_us(postfix, secure, authority):
    server = postfix(f"[127.0.0.1]:{secure.port}", {
        "smtp_tls_security_level": "secure", "smtp_tls_secure_cert_match": HOST, "smtp_tls_CAfile": "{here}/etc/ca.pem",
        "smtp_tls_loglevel": "1"}, files={"ca.pem": authority.file.read_bytes()})
    with RawClient(server.port) as client:
        client.greet()
        assert client.deliver("me@client.example", "you@example.test", mails.mail("from postfix")).code == 250
    wait_until(secure.mails, 20, "the mail in our mailbox")
    assert b"with ESMTPS id" in re.sub(rb"\r?\n\s+", b" ", secure.mails()[0])


@pytest.mark.parametrize("name", ["IP:127.0.0.1", "DNS:elsewhere.example"])
def test_exim_before_us_verifies_us(exim, start_veredus, authority, name):
    ours = start_veredus(more={"certificate": [authority.certify("ours", extension=name).table()]})
    server = exim(next_hop=f"127.0.0.1::{ours.port}", files={"ca.pem": authority.file.read_bytes()}, transport={
        "hosts_require_tls": "*", "tls_verify_hosts": "*", "tls_verify_certificates": "{here}/ca.pem"})
    with RawClient(server.port) as client:
        client.greet()
        assert client.deliver("me@client.example", "you@example.test", mails.mail("from exim")).code == 250
    if name == "IP:127.0.0.1":
        assert b"with ESMTPS id" in re.sub(rb"\r?\n\s+", b" ", ours.wait_for_mails(1)[0])
        wait_until(lambda: " CV=yes " in (server.folder / "mainlog").read_text(), 5, "Exim has verified us")
    else:
        wait_until(lambda: "certificate verification failed" in (server.folder / "mainlog").read_text(), 20,
                   "Exim does not trust us", server.log_tail)
        assert not ours.mails()


def test_exim_behind_us_makes_its_own_certificate(exim, start_veredus):
    """Exim offers STARTTLS with a certificate it makes for itself: good for whoever does not ask."""
    server = exim()
    front = start_veredus(more={"route": [{"domain": "far.example", "to": f"127.0.0.1:{server.port}",
                                           "tls": "require"}]})
    send_through(front)
    wait_until(lambda: mails.find_in_maildir(server.folder / "mail", "secret"), 20, "the mail in Exim's Maildir")
    story = front.command("trace", "you@far.example", "--config", str(front.config)).stdout.decode()
    assert "not verified: it is self-signed" in re.sub(r"\s+", " ", story)


def test_reload_takes_a_new_certificate_and_no_bad_one(secure, authority):
    with RawClient(secure.port) as open_session:
        open_session.greet()
        certificate = authority.certify("new", HOST, "new.example.test")
        for part in ("file", "key"):
            target = authority.folder / f"{HOST}.{'pem' if part == 'file' else 'key'}"
            target.write_bytes(getattr(certificate, part).read_bytes())
        os.kill(secure.pid, signal.SIGHUP)
        wait_until(lambda: s_client(secure, "-CAfile", str(authority.file), "-verify_return_error",
                                    "-verify_hostname", "new.example.test").returncode == 0, 10, "the new certificate")
        (authority.folder / f"{HOST}.key").write_text("junk\n")
        secure.errors_expected = True
        os.kill(secure.pid, signal.SIGHUP)
        wait_until(lambda: secure.log_lines("event=reload_failed"), 10, "the log says so")
        assert "holds no private key" in secure.log_lines("event=reload_failed")[0]
        assert s_client(secure, "-CAfile", str(authority.file), "-verify_return_error", "-verify_hostname",
                        "new.example.test").returncode == 0
        assert open_session.ask("NOOP").code == 250


def test_without_a_certificate_we_make_one(start_veredus):
    server = start_veredus()
    assert s_client(server, "-verify_hostname", HOST).returncode == 0
    made = server.folder / "storage" / "tls" / "self-signed.key"
    assert made.stat().st_mode & 0o777 == 0o600
    before = made.read_bytes()
    server.stop()
    server.start()
    assert made.read_bytes() == before


def test_many_clients_that_never_shake_hands(secure):
    clients = [RawClient(secure.tls_port) for _ in range(40)]
    started = time.monotonic()
    with smtplib.SMTP("127.0.0.1", secure.port) as client:
        assert client.ehlo()[0] == 250
    assert time.monotonic() - started < 5
    for client in clients:
        client.socket.close()
