"""The program that Postfix asks about each recipient (check_policy_service): the test decides."""

import socket
import threading
from collections.abc import Callable


class PolicyService:
    """Listens from construction to stop(). `decide` gets a request's attributes and returns an
    action of access(5); "DUNNO" lets the recipient pass. What it answered otherwise is counted."""

    def __init__(self, port: int, decide: Callable[[dict[str, str]], str]):
        self.port, self._decide = port, decide
        self.turned_down = 0
        self._listener = socket.create_server(("127.0.0.1", port), backlog=100)
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def restriction(self) -> str:
        """For smtpd_recipient_restrictions."""
        return f"check_policy_service inet:127.0.0.1:{self.port}"

    def stop(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # Stopped.
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8") as stream:
            attributes: dict[str, str] = {}
            for line in stream:
                if line.strip():
                    name, value = line.rstrip("\n").split("=", 1)
                    attributes[name] = value
                    continue
                action = self._decide(attributes)
                self.turned_down += action != "DUNNO"
                stream.write(f"action={action}\n\n")
                stream.flush()
                attributes = {}
