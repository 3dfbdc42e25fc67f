"""A name server in front of the real one that is slow, silent or failing for some names."""

import socket
import threading
import time

import dns.flags
import dns.message
import dns.rcode

SLOW_SECONDS = 3.0


class LyingNameServer:
    """UDP on 127.0.0.1 from construction to stop(). Names that begin with one of the labels
    below are answered as it says, all others as the server at `upstream_port` does:

    slow    after SLOW_SECONDS
    silent  never
    flaky   SERVFAIL while `failures_left` is above 0
    """

    def __init__(self, port: int, upstream_port: int):
        self.port, self._upstream_port = port, upstream_port
        self.failures_left = 3
        self.asked: list[str] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", port))
        self._stopped = False
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def server(self) -> str:
        return f"127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._stopped = True
        self._socket.close()

    def log_tail(self) -> str:
        return "\n".join([f"--- lying name server {self.server} was asked", *self.asked[-20:]])

    def _serve(self) -> None:
        while not self._stopped:
            try:
                query, client = self._socket.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self._answer, args=(query, client), daemon=True).start()

    def _answer(self, query: bytes, client: tuple) -> None:
        message = dns.message.from_wire(query)
        question = message.question[0]
        self.asked.append(question.to_text())
        label = question.name.labels[0].decode(errors="replace").lower()
        if label == "silent":
            return
        if label == "flaky" and self.failures_left > 0:
            self.failures_left -= 1
            response = dns.message.make_response(message, recursion_available=True)
            response.set_rcode(dns.rcode.SERVFAIL)
            self._reply(response.to_wire(), client)
            return
        if label == "slow":
            time.sleep(SLOW_SECONDS)
        self._reply(self._ask_upstream(query), client)

    def _ask_upstream(self, query: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as upstream:
            upstream.settimeout(3)
            upstream.sendto(query, ("127.0.0.1", self._upstream_port))
            return upstream.recv(65535)

    def _reply(self, response: bytes, client: tuple) -> None:
        if not self._stopped:
            self._socket.sendto(response, client)
