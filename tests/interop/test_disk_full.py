"""Storage on a small file system that fills up under load: new mail is put off, nothing
acknowledged is lost, and room is all it takes to go on."""

import os
import subprocess

import pytest
from conftest import unavailable
from harness import mails
from harness.load import Load
from harness.small_disk import SmallDisk
from harness.waiting import free_port, wait_until

MIB = 1024 * 1024
DISK_MIB = 256
LOCAL, FAR = "other@example.test", "them@far.example"


@pytest.fixture
def small_disk(tmp_path_factory):
    if os.geteuid() != 0:
        unavailable("mounting a small file system needs root")
    try:
        disk = SmallDisk(tmp_path_factory.mktemp("small"), DISK_MIB)
    except (subprocess.CalledProcessError, FileNotFoundError) as error:
        unavailable(f"neither a loop device nor a tmpfs can be mounted here: {error}")
    yield disk
    disk.unmount()


@pytest.fixture
def crammed(small_disk, start_veredus, tmp_path):
    """crammed(free_bytes_min, room): a Veredus on that disk, with `room` left on it, whose next hop nobody
    listens for yet."""
    def start(free_bytes_min: int, room: int):
        (small_disk.root / "storage").mkdir(mode=0o700)
        (tmp_path / "veredus").mkdir()
        (tmp_path / "veredus" / "storage").symlink_to(small_disk.root / "storage")
        hop = free_port()
        server = start_veredus(smart_host=f"127.0.0.1:{hop}", more={
            "storage": {"free_bytes_min": free_bytes_min, "memory_bytes": "8MiB"}, "deliver": {"host_pause": "1s"}})
        server.errors_expected = True  # It says in the log that the disk is full.
        server.hop_port, server.disk = hop, small_disk
        small_disk.put_ballast(room)
        return server
    return start


def load_until_full(server, seed: int) -> tuple[list[tuple[str, str]], set[str]]:
    """Mail for here and for elsewhere until it is refused again and again. What was acknowledged,
    and the replies that were not 250."""
    load = Load(server.port, [FAR, LOCAL, FAR], sessions=4, seed=seed)
    wait_until(lambda: len(load.refused) >= 20, 40, "the disk is full", lambda: f"{server.disk.free_bytes()} octets free")
    load.stop()
    return load.acknowledged, set(load.refused)


def accepts(server) -> bool:
    with server.connect() as client:
        client.greet()
        return client.deliver("me@client.example", LOCAL, mails.mail("is there room")).code == 250


def assert_all_arrived(server, hop, acknowledged: list[tuple[str, str]]) -> None:
    server.wait_for_empty_queue(seconds=60)
    arrived = {(mails.first_header(message.data, "Subject"), FAR) for message in hop.received}
    arrived |= {(mails.first_header(data, "Subject"), LOCAL) for data in server.mails(LOCAL)}
    missing = [token for token, recipient in acknowledged if (f"load {token}", recipient) not in arrived]
    assert len(acknowledged) > 50
    assert not missing, f"{len(missing)} of {len(acknowledged)} acknowledged mails are missing"


def assert_sound(server) -> None:
    server.stop()
    checked = server.command("storage", "check", "--config", str(server.config))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_low_on_space(crammed, next_hops):
    """At storage.free_bytes_min new mail gets 452; what is there goes on being delivered."""
    server = crammed(64 * MIB, room=80 * MIB)
    acknowledged, refused = load_until_full(server, seed=1)
    assert all(reply.startswith("452 4.3.1") for reply in refused), refused
    assert server.runs() and server.disk.free_bytes() > 2 * MIB
    server.kill()
    server.disk.remove_ballast()
    server.disk.put_ballast(32 * MIB)  # Opening the storage frees what its log took.
    server.start()
    assert not accepts(server)
    assert server.queue_shows(FAR)
    hop = next_hops(server.hop_port)
    wait_until(lambda: len(hop.received) > 10, 30, "delivery goes on while it is full")
    server.disk.remove_ballast()
    wait_until(lambda: accepts(server), 20, "it takes mail again")
    assert_all_arrived(server, hop, acknowledged)
    assert_sound(server)


def test_no_space_at_all(crammed, next_hops):
    """With free_bytes_min = 0 it is the writes that fail: the storage breaks, and mends itself."""
    server = crammed(0, room=16 * MIB)
    acknowledged, refused = load_until_full(server, seed=2)
    assert all(reply.startswith(("452 4.3.1", "451 4.3.0")) for reply in refused), refused
    assert server.runs()
    server.kill()
    server.disk.remove_ballast()
    server.start()
    wait_until(lambda: accepts(server), 20, "it takes mail after the kill")
    server.disk.put_ballast(6 * MIB)
    more, refused = load_until_full(server, seed=3)
    assert server.runs() and refused
    server.disk.remove_ballast()
    wait_until(lambda: accepts(server), 20, "it takes mail again, by itself", server.log_tail)
    hop = next_hops(server.hop_port)
    tried = server.command("queue", "retry", "--all", "--config", str(server.config))
    assert tried.returncode == 0, tried.stderr  # What could not be read meanwhile would wait a minute.
    assert_all_arrived(server, hop, acknowledged + more)
    assert_sound(server)
