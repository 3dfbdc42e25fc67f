"""A thousand destinations at the same time: kill -9 again and again while ten thousand messages
wait or go out, and destinations that hang beside others that do not."""

import threading
import time

import pytest
from harness import reports
from harness.bulk import send_bulk
from harness.fast_sink import FastSink
from harness.waiting import free_port, wait_until

DOMAINS, MESSAGES = 1000, 10_000
HOSTS = 100  # For the comparison with and without hosts that hang.


def host_of(number: int) -> str:
    return f"127.1.{number // 250}.{number % 250 + 1}"


def number_of(host: str) -> int:
    _, _, high, low = host.split(".")
    return int(high) * 250 + int(low) - 1


def defers_at_first(host: str) -> str:
    return "defer" if number_of(host) % 4 == 1 else "take"


def hangs(host: str) -> str:
    return "hang" if number_of(host) % 2 else "take"


@pytest.fixture
def fast_sinks():
    """fast_sinks(port, behaviour): a next hop at every 127.x.y.z."""
    started: list[FastSink] = []

    def start(port: int, *behaviour) -> FastSink:
        started.append(FastSink(port, *behaviour))
        reports.show_on_failure(started[-1].log_tail)
        return started[-1]

    yield start
    for sink in started:
        sink.stop()


def recipients_of(domains: range, each: int) -> list[str]:
    return [f"m{message}@d{domain}.example" for message in range(each) for domain in domains]


def kill_while(server, count, least: int) -> None:
    """Kills it as soon as so many have arrived (or been acknowledged), and starts it again."""
    wait_until(lambda: count() >= least, 30, f"{least} are done", lambda: f"{count()} are")
    server.kill()
    server.start()


def send_with_a_kill(server, recipients: list[str]) -> None:
    """Killed in the middle of it. What was not acknowledged is sent again."""
    acknowledged: list[str] = []
    sending = threading.Thread(target=send_bulk, args=(server.port, recipients, acknowledged))
    sending.start()
    wait_until(lambda: len(acknowledged) > len(recipients) // 2, 30, "half is acknowledged")
    server.kill()
    sending.join()
    server.start()
    known = set(acknowledged)
    assert len(known) < len(recipients)
    send_bulk(server.port, [recipient for recipient in recipients if recipient not in known], acknowledged)
    assert set(acknowledged) == set(recipients)


def test_kills_with_ten_thousand_messages(start_veredus, fast_sinks):
    """A quarter of the destinations is dead and a quarter defers at first. Killed while mail comes
    in, while it is retried, and twice while it goes out."""
    dead_port = free_port()
    sink = fast_sinks(free_port(), defers_at_first)
    ports = [dead_port if number % 4 == 3 else sink.port for number in range(DOMAINS)]
    server = start_veredus(routes={f"d{n}.example": f"{host_of(n)}:{port}" for n, port in enumerate(ports)},
                           more={"deliver": {"host_pause": "1s"}})
    recipients = recipients_of(range(DOMAINS), MESSAGES // DOMAINS)
    send_with_a_kill(server, recipients)
    wait_until(lambda: sink.count() >= MESSAGES // 2, 30, "the good half is delivered", lambda: str(sink.count()))
    assert sink.count() == MESSAGES // 2 and sink.deferrals() > 0
    server.kill()
    server.start()
    sink.open()
    kill_while(server, sink.count, MESSAGES // 2 + 500)
    revived = fast_sinks(dead_port)
    def arrived() -> int:
        return sink.count() + revived.count()
    kill_while(server, arrived, MESSAGES * 3 // 4)
    kill_while(server, arrived, MESSAGES * 7 // 8)
    wait_until(lambda: arrived() == MESSAGES, 60, "everything arrived", lambda: f"{arrived()} did")
    server.wait_for_empty_queue()
    copies = sink.received() + revived.received()
    assert set(copies) == set(recipients)
    twice = sum(times - 1 for times in copies.values())
    assert twice <= MESSAGES // 10, f"{twice} mails arrived twice"


def seconds_to_deliver(server, sink, wanted: list[str]) -> float:
    start = time.monotonic()
    wait_until(lambda: sink.count() >= len(wanted), 60, f"{len(wanted)} mails arrived", lambda: str(sink.count()))
    elapsed = time.monotonic() - start
    assert set(sink.received()) == set(wanted)
    return elapsed


def test_hanging_destinations_harm_no_other(start_veredus, fast_sinks):
    """Fifty hosts accept connections and never say a word; mail to the fifty others takes hardly
    longer than without them."""
    good = recipients_of(range(0, HOSTS, 2), 20)
    times = {}
    for name, behaviour in (("alone", lambda _: "take"), ("beside", hangs)):
        sink = fast_sinks(free_port(), behaviour)
        server = start_veredus(name, routes={f"d{n}.example": f"{host_of(n)}:{sink.port}" for n in range(HOSTS)})
        if name == "beside":
            hanging = recipients_of(range(1, HOSTS, 2), 20)
            assert len(send_bulk(server.port, hanging)) == len(hanging)
        assert len(send_bulk(server.port, good)) == len(good)
        times[name] = seconds_to_deliver(server, sink, good)
        if name == "beside":
            assert len(server.queue()) == len(hanging)
    assert times["beside"] <= 3 * times["alone"] + 2, times
