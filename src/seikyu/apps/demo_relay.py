"""A line that breaks on purpose: a relay between a client and the office that cuts its first connection midway."""

import socket
import struct
import threading
from types import TracebackType
from typing import Final, Self

#: Small pieces and a small window, so that not much more has left the sender than has arrived when the line is cut.
_PIECE_BYTES: Final = 8 * 1024
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Relay:
    """Passes bytes on. The first connection is cut after so many bytes in one direction; later ones are not.

    Shape: `up` counts bytes to the office, `down` bytes from it. What passes is TLS; nothing of it can be read here.
    """

    def __init__(self, port: int, *, up: int | None = None, down: int | None = None) -> None:
        self._office = port
        self._limits = {"up": up, "down": down}
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * _PIECE_BYTES)
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen()
        self._open: set[socket.socket] = set()
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for each in list(self._open):
            each.close()

    def _accept(self) -> None:
        first = True
        while True:
            try:
                near, _ = self._listener.accept()
                far = socket.create_connection(("localhost", self._office))
            except OSError:
                return
            self._open |= {near, far}
            limits = self._limits if first else {}
            first = False
            for way, pair in (("up", (near, far)), ("down", (far, near))):
                threading.Thread(target=self._pass, args=(*pair, limits.get(way)), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, limit: int | None) -> None:
        passed = 0
        try:
            while piece := source.recv(_PIECE_BYTES):
                passed += len(piece)
                if limit is not None and passed > limit:
                    self.cuts += 1
                    self._cut(source, target)
                    return
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            self._cut(source, target)

    def _cut(self, *ends: socket.socket) -> None:
        """Break both ends as a pulled plug looks to them: without a good-bye."""
        for end in ends:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()
            self._open.discard(end)
