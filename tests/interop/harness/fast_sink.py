"""A next hop for thousands of mails to a thousand hosts: every 127.x.y.z at one port, in a process
of its own. It keeps who got what, and tells hosts apart by the address that was connected to."""

import asyncio
import collections
import multiprocessing
from collections.abc import Callable

Behaviour = Callable[[str], str]  # Of an address: "take", "defer" or "hang".


class FastSink:
    """Listens from construction to stop(). The behaviour of "defer" hosts changes with open()."""

    def __init__(self, port: int, behaviour: Behaviour = lambda _: "take"):
        self.port = port
        context = multiprocessing.get_context("fork")
        self._ours, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(port, behaviour, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._ours.recv()  # It listens.

    def open(self) -> None:
        """From now on every host takes mail."""
        self._ask("open")

    def count(self) -> int:
        """Different recipients who have a mail."""
        return self._ask("count")

    def received(self) -> collections.Counter[str]:
        """How often each recipient got a mail."""
        return self._ask("received")

    def deferrals(self) -> int:
        return self._ask("deferrals")

    def stop(self) -> None:
        self._process.kill()
        self._process.join()

    def log_tail(self) -> str:
        return f"--- sink at port {self.port}: {self.count()} recipients" if self._process.is_alive() else ""

    def _ask(self, what: str):
        self._ours.send(what)
        return self._ours.recv()


class _State:
    def __init__(self, behaviour: Behaviour):
        self.behaviour, self.is_open = behaviour, False
        self.received: collections.Counter[str] = collections.Counter()
        self.deferrals = 0


class _Session(asyncio.Protocol):
    def __init__(self, state: _State):
        self.state, self.input, self.in_data = state, b"", False
        self.recipients: list[str] = []

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.kind = self.state.behaviour(transport.get_extra_info("sockname")[0])
        if self.kind != "hang":
            transport.write(b"220 sink.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self.input += data
        replies = b""
        while True:
            end = b"\r\n.\r\n" if self.in_data else b"\r\n"
            unit, found, rest = self.input.partition(end)
            if not found:
                break
            self.input = rest
            replies += self._message() if self.in_data else self._command(unit)
        self.transport.write(replies)

    def _message(self) -> bytes:
        self.in_data = False
        self.state.received.update(self.recipients)
        return b"250 2.0.0 Taken\r\n"

    def _command(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return b"250-sink.example\r\n250 PIPELINING\r\n"
        if verb == b"MAIL":
            self.recipients = []
        if verb == b"RCPT":
            if self.kind == "defer" and not self.state.is_open:
                self.state.deferrals += 1
                return b"451 4.3.0 Not yet\r\n"
            self.recipients.append(line.split(b"<")[1].split(b">")[0].decode())
        if verb == b"DATA":
            self.in_data = bool(self.recipients)
            return b"354 Go on\r\n" if self.in_data else b"503 5.5.1 Nobody to send it to\r\n"
        if verb == b"QUIT":
            self.transport.write(b"221 2.0.0 Bye\r\n")
            self.transport.close()
            return b""
        return b"250 2.0.0 Ok\r\n"


def _run(port: int, behaviour: Behaviour, pipe) -> None:
    asyncio.run(_serve(port, _State(behaviour), pipe))


async def _serve(port: int, state: _State, pipe) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: _Session(state), "0.0.0.0", port, backlog=1000)
    ended = asyncio.Event()
    loop.add_reader(pipe.fileno(), _answer, state, pipe, ended)
    pipe.send("listens")
    await ended.wait()


def _answer(state: _State, pipe, ended: asyncio.Event) -> None:
    try:
        what = pipe.recv()
    except EOFError:
        return ended.set()
    if what == "open":
        state.is_open = True
    answers = {"open": None, "count": len(state.received), "received": state.received, "deferrals": state.deferrals}
    pipe.send(answers[what])
