"""Builds build/peers/root: Debian packages unpacked into a root file system of their own.

apt resolves the packages against an empty status file, with its lists and downloads below
build/peers/, so the machine's own package state is read nowhere and changed nowhere. Sources,
keyrings and proxies are the machine's (/etc/apt). No maintainer script runs: the few things
they would do (users, set-gid programs, device nodes, the linker cache) are done here.
"""

import fcntl
import hashlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from contextlib import contextmanager
from pathlib import Path

from peer_paths import INSIDE_RUN, NODE, NODE_LOCK, PEERS, ROOT, RUN, PeerError

# Resolved one after the other because the mail servers refuse to be installed together.
# Where two packages hold the same file (/usr/sbin/sendmail), the later one's stays.
PACKAGE_SETS = (
    ("opensmtpd",),
    ("exim4-daemon-heavy",),
    ("postfix", "dovecot-core", "dovecot-lmtpd", "dovecot-imapd", "dovecot-pop3d"),
    ("nsd", "swaks", "bsd-mailx", "fail2ban", "libnet-ssleay-perl", "netbase", "coreutils", "findutils", "grep", "sed", "dash", "libc-bin"),
)
# In place of npm's nodemailer where the machine has no npm.
NODE_PACKAGES = ("nodejs", "node-nodemailer")

# Name and user id, as high as hardly any machine's own users are.
USERS = (
    ("root", 0),
    ("daemon", 1),
    ("mail", 8),
    ("postfix", 61001),
    ("Debian-exim", 61002),
    ("dovecot", 61003),
    ("dovenull", 61004),
    ("nsd", 61005),
    ("vmail", 61006),
    ("opensmtpd", 61007),
    ("opensmtpq", 61008),
    ("nobody", 65534),
)
EXTRA_GROUPS = (("postdrop", 61010), ("nogroup", 65533))
DEVICES = (("null", 3), ("zero", 5), ("full", 7), ("random", 8), ("urandom", 9))  # major 1
LEFT_OUT = ("./usr/share/doc", "./usr/share/man", "./usr/share/locale", "./usr/share/info", "./lib/systemd")


def why_not() -> str:
    """Why the peers can't be used here, or nothing."""
    if os.geteuid() != 0:
        return "the mail servers used as peers need root (chroot, fixed user ids); run as root or through sudo"
    missing = [tool for tool in ("apt-get", "dpkg-deb", "tar", "chroot") if shutil.which(tool) is None]
    return f"not on this machine: {', '.join(missing)}" if missing else ""


def is_ready() -> bool:
    return _read(ROOT / ".ready") == _recipe() and _read(NODE / ".ready") == _node_recipe()


def setup(say=print) -> None:
    """Prepares everything that is missing. Cheap when nothing is."""
    if is_ready():
        return
    reason = why_not()
    if reason:
        raise PeerError(reason)
    with _one_at_a_time():
        if _read(ROOT / ".ready") != _recipe():
            _build_root(say)
        if _read(NODE / ".ready") != _node_recipe():
            _install_nodemailer(say)


def _build_root(say) -> None:
    shutil.rmtree(ROOT, ignore_errors=True)
    for folder in ("usr/bin", "usr/sbin", "usr/lib", "usr/lib64", "dev", "etc", "tmp", "proc", "srv", "var/tmp", "run"):
        (ROOT / folder).mkdir(parents=True)
    for folder in ("bin", "sbin", "lib", "lib64"):
        (ROOT / folder).symlink_to(f"usr/{folder}")
    (ROOT / "var/run").symlink_to("../run")
    for folder in ("tmp", "var/tmp"):
        (ROOT / folder).chmod(0o1777)
    packages = PACKAGE_SETS if shutil.which("npm") else (*PACKAGE_SETS, NODE_PACKAGES)
    unpacked: set[str] = set()
    for archive in _download(packages, say):
        if archive.name not in unpacked:
            unpacked.add(archive.name)
            _unpack(archive)
    _write_accounts()
    _make_devices()
    _finish_programs()
    RUN.unlink(missing_ok=True)
    RUN.symlink_to(f"root{INSIDE_RUN}")
    shutil.rmtree(PEERS / "apt")
    (ROOT / ".ready").write_text(_recipe())
    say(f"peers: {len(unpacked)} packages unpacked into {ROOT}")


def _download(package_sets, say) -> list[Path]:
    """The archives of each set with all they depend on, in the order of the sets."""
    apt = PEERS / "apt"
    options = _apt_options(apt)
    say("peers: reading the package lists")
    _run(["apt-get", *options, "update"])
    archives: list[Path] = []
    for number, packages in enumerate(package_sets):
        say(f"peers: downloading {' '.join(packages)}")
        folder = apt / f"archives{number}"
        (folder / "partial").mkdir(parents=True)
        _run(["apt-get", *options, "-o", f"Dir::Cache::archives={folder}", "--yes", "--download-only",
              "install", *packages])
        archives += sorted(folder.glob("*.deb"))
    return archives


def _apt_options(apt: Path) -> list[str]:
    shutil.rmtree(apt, ignore_errors=True)
    (apt / "lists" / "partial").mkdir(parents=True)
    (apt / "status").touch()
    settings = {
        "Dir::State": apt,
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt,
        "APT::Sandbox::User": "root",
        "APT::Install-Recommends": "false",
        "Acquire::Retries": "3",
        "Acquire::Languages": "none",
    }
    return ["-qq", *(part for key, value in settings.items() for part in ("-o", f"{key}={value}"))]


def _unpack(archive: Path) -> None:
    excludes = [f"--exclude={path}" for path in LEFT_OUT]
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", archive], stdout=subprocess.PIPE) as source:
        done = subprocess.run(["tar", "-x", "--keep-directory-symlink", *excludes, "-C", ROOT],
                              stdin=source.stdout, check=False)
    if done.returncode or source.returncode:
        raise PeerError(f"{archive.name} could not be unpacked into {ROOT}")


def _write_accounts() -> None:
    etc = ROOT / "etc"
    _write_lines(etc / "passwd", (f"{name}:x:{uid}:{uid}::/nonexistent:/usr/sbin/nologin" for name, uid in USERS))
    _write_lines(etc / "group", (f"{name}:x:{gid}:" for name, gid in (*USERS, *EXTRA_GROUPS)))
    _write_lines(etc / "shadow", (f"{name}:*:19000:0:99999:7:::" for name, _ in USERS))
    (etc / "hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n")
    (etc / "resolv.conf").write_text("")
    (etc / "mailname").write_text("peer.example\n")


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    path.write_text("".join(f"{line}\n" for line in lines))


def _make_devices() -> None:
    for name, minor in DEVICES:
        path = ROOT / "dev" / name
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
            path.chmod(0o666)
            path.open("rb").close()
        except OSError as error:
            raise PeerError(f"{path}: {error.strerror}; build/ must be on a file system that allows device nodes"
                            " and the caller must be allowed to make them") from error


def _finish_programs() -> None:
    _run(["chroot", str(ROOT), "/sbin/ldconfig"])
    postdrop = dict(EXTRA_GROUPS)["postdrop"]
    for program in ("postdrop", "postqueue"):
        path = ROOT / "usr/sbin" / program
        os.chown(path, 0, postdrop)
        path.chmod(0o2555)
    (ROOT / "etc/postfix").mkdir(exist_ok=True)
    (ROOT / "etc/exim4").mkdir(exist_ok=True)
    (ROOT / "var/spool/exim4").mkdir(parents=True, exist_ok=True)
    (ROOT / "var/log/exim4").mkdir(parents=True, exist_ok=True)


def _install_nodemailer(say) -> None:
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir(parents=True)
    if shutil.which("npm"):
        say("peers: installing nodemailer")
        for name in ("package.json", "package-lock.json"):
            shutil.copy(NODE_LOCK / name, NODE)
        _run(["npm", "ci", "--prefix", str(NODE), "--ignore-scripts", "--no-audit", "--no-fund"], cwd=NODE)
    (NODE / ".ready").write_text(_node_recipe())


def _run(command: list, cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-15:])
        raise PeerError(f"{' '.join(map(str, command))} failed:\n{tail}")


def _recipe() -> str:
    """Changes when this file does, so that an older root is built anew."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()


def _node_recipe() -> str:
    return hashlib.sha256((NODE_LOCK / "package-lock.json").read_bytes()).hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


@contextmanager
def _one_at_a_time():
    PEERS.mkdir(parents=True, exist_ok=True)
    with open(PEERS / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
