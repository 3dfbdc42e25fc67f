"""Fixtures: everything a test starts here is stopped when the test ends, and held to a clean end."""

import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY / "tools" / "peers.d"))
sys.dont_write_bytecode = True

import peer_dovecot
import peer_exim
import peer_nsd
import peer_postfix
import peer_root
from harness import accounts, corpus, reports
from harness.certificates import Authority
from harness.clock import Clock
from harness.clock import why_not as clock_why_not
from harness.config import HOSTNAME, Settings
from harness.lying_dns import LyingNameServer
from harness.next_hop import NextHop, Script
from harness.veredus import Veredus
from harness.waiting import free_port
from peer_daemon import Peer
from peer_paths import RUN

CLONE_NEWNET = 0x40000000  # sched.h
FAILED = pytest.StashKey[bool]()  # Set on a test that failed: what it wrote is kept.


def unavailable(reason: str) -> None:
    """A test that can't run here is skipped; in CI that is a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"in CI nothing is skipped, but: {reason}", pytrace=False)
    pytest.skip(reason)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.stash[FAILED] = True
        report.sections.append(("logs", reports.all_tails()))
    if report.when == "teardown":
        reports.forget()


@pytest.fixture(scope="session")
def program() -> Path:
    path = Path(os.environ.get("VEREDUS", REPOSITORY / "build" / "release" / "veredus")).resolve()
    if not path.exists():
        unavailable(f"{path} does not exist; run make build, or name a binary by VEREDUS=")
    return path


@pytest.fixture
def start_veredus(program: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Veredus]]:
    """start_veredus("name", setting=value, ...): a Veredus that listens. At the end each is
    stopped by SIGTERM; it must exit 0 and have logged no error. `at` is a clock for it."""
    started: list[Veredus] = []

    def start(name: str = "veredus", port: int | None = None, at: Clock | None = None, **settings: object) -> Veredus:
        started.append(Veredus(program, tmp_path / name, Settings(**settings), port))
        started[-1].environment = at.environment if at else {}
        return started[-1].start()

    yield start
    problems = [problem for server in started if (problem := _end(server))]
    assert not problems, "\n".join(problems)
    if FAILED not in request.node.stash:
        shutil.rmtree(tmp_path)


def _end(server: Veredus) -> str:
    try:
        if server.runs() or not server.was_ended_by_test:
            server.stop()
        return ""
    except AssertionError as problem:
        server.kill()
        return f"{server.folder.name}: {problem}"


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """For start_veredus(at=clock)."""
    if reason := clock_why_not():
        unavailable(reason)
    return Clock(tmp_path)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """One that any user gets to, unlike tmp_path; for tests that become another user."""
    if os.geteuid() != 0:
        unavailable("not root: only root can become another user")
    path = Path(tempfile.mkdtemp(prefix="veredus-open-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def secure(start_veredus: Callable[..., Veredus], authority: Authority) -> Veredus:
    """A server with a certificate for its name and another for mail.other.test, STARTTLS on `port`, TLS from the
    start on `tls_port`."""
    port, tls_port = free_port(), free_port()
    server = start_veredus(port=port, more={
        "listen": [{"address": f"127.0.0.1:{port}"}, {"address": f"127.0.0.1:{tls_port}", "service": "submissions"}],
        "certificate": [authority.certify(HOSTNAME).table(), authority.certify("other", "mail.other.test").table()]})
    server.tls_port = tls_port
    return server


@pytest.fixture
def own_network() -> Iterator[None]:
    """What the test does and starts from here on has a network of its own, in which all addresses of
    192.0.2.0/24 and 2001:db8::/32 are this machine's."""
    if os.geteuid() != 0:
        unavailable("not root: only root can make a network")
    library, before = ctypes.CDLL(None), os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    if library.unshare(CLONE_NEWNET) != 0:
        unavailable("not allowed to make a network")
    try:
        for command in ("link set lo up", "route add local 192.0.2.0/24 dev lo",
                        "route add local 2001:db8::/32 dev lo"):
            subprocess.run(["ip", *command.split()], check=True)
        Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1")  # Of this network.
        yield
    finally:
        library.setns(before, CLONE_NEWNET)
        os.close(before)


@pytest.fixture
def submission(start_veredus: Callable[..., Veredus]) -> Callable[..., Veredus]:
    """submission(section={...}, ...): a server with ports for mail (`port`) and for our users
    (`submission_port`, `submissions_port`), which relays for nobody else; the account accounts.ANN."""
    def start(at: Clock | None = None, **more: object) -> Veredus:
        ports = free_port(), free_port(), free_port()
        server = start_veredus(port=ports[0], at=at, relay_networks=[], more={"listen": [
            {"address": f"127.0.0.1:{ports[0]}"},
            {"address": f"127.0.0.1:{ports[1]}", "service": "submission"},
            {"address": f"127.0.0.1:{ports[2]}", "service": "submissions"}]} | more)
        server.submission_port, server.submissions_port = ports[1:]
        accounts.add_account(server)
        return server
    return start


@pytest.fixture
def pam_service(tmp_path: Path) -> Iterator[str]:
    """The name of a PAM service whose users stand in a file: ann, with accounts.SYSTEM_PASSWORD."""
    if os.geteuid() != 0:
        unavailable("not root: only root may put a service into /etc/pam.d")
    database = tmp_path / "veredus" / "users"  # Beside the configuration, where the sandbox lets the server read.
    database.parent.mkdir()
    subprocess.run(["perl", "-MDB_File", "-e", 'tie %h, "DB_File", "$ARGV[0].db" or die; $h{ann} = $ARGV[1];',
                    str(database), accounts.SYSTEM_PASSWORD], check=True)
    service = Path(f"/etc/pam.d/veredus-test-{os.getpid()}")
    service.write_text(f"auth required pam_userdb.so db={database} crypt=none\naccount required pam_permit.so\n")
    yield service.name
    service.unlink()


@pytest.fixture(scope="session")
def peer_root_ready() -> None:
    reason = peer_root.why_not()
    if reason:
        unavailable(reason)
    peer_root.setup()
    for folder in RUN.glob("test-*"):
        if not Path("/proc", folder.name.split("-")[1]).exists():
            shutil.rmtree(folder, ignore_errors=True)  # Another worker may do the same.


@pytest.fixture
def start_peer(peer_root_ready: None, request: pytest.FixtureRequest) -> Iterator[Callable[..., Peer]]:
    """start_peer(maker, ...): a real server from build/peers, with a folder of its own."""
    started: list[Peer] = []

    def start(make: Callable[..., Peer], *arguments: object, **settings: object) -> Peer:
        port = free_port()
        kind = make.__module__.removeprefix("peer_")
        peer = make(f"test-{os.getpid()}-{kind}-{port}", port, *arguments, **settings)
        reports.show_on_failure(peer.log_tail)
        started.append(peer.start())
        return peer

    yield start
    for peer in reversed(started):
        peer.stop()
        if FAILED not in request.node.stash:
            shutil.rmtree(peer.folder)


@pytest.fixture
def postfix(start_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    return lambda *arguments, **settings: start_peer(peer_postfix.make, *arguments, **settings)


@pytest.fixture
def exim(start_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    return lambda **settings: start_peer(peer_exim.make, **settings)


@pytest.fixture
def dovecot(start_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    return lambda users, **settings: start_peer(peer_dovecot.make, users, **settings)


@pytest.fixture
def sink(start_peer: Callable[..., Peer]) -> Callable[..., Peer]:
    return lambda *options: start_peer(peer_postfix.make_sink, *options)


@pytest.fixture(scope="session")
def name_server(peer_root_ready: None) -> Iterator[str]:
    """NSD with the zones of tests/interop/zones; its host:port."""
    port = free_port()
    peer = peer_nsd.make(f"test-{os.getpid()}-nsd-{port}", port, peer_nsd.test_zones()).start()
    yield f"{peer.address}:{peer.port}"
    peer.stop()


@pytest.fixture
def lying_name_server(name_server: str) -> Iterator[LyingNameServer]:
    server = LyingNameServer(free_port(), int(name_server.rsplit(":", 1)[1]))
    reports.show_on_failure(server.log_tail)
    yield server
    server.stop()


@pytest.fixture
def next_hops() -> Iterator[Callable[..., NextHop]]:
    """next_hops(port, address, script): a next hop that does as the test says."""
    started: list[NextHop] = []

    def start(port: int | None = None, address: str = "127.0.0.1", script: Script | None = None) -> NextHop:
        started.append(NextHop(port or free_port(), address, script))
        reports.show_on_failure(started[-1].log_tail)
        return started[-1]

    yield start
    for hop in started:
        hop.stop()


@pytest.fixture(scope="session")
def testdata() -> Path:
    if not corpus.TESTDATA.is_dir():
        unavailable(f"the conformance data is not at {corpus.TESTDATA}")
    return corpus.TESTDATA
