"""A slow line: a relay that lets through so many bytes a second from the office, so that there is a middle."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

_PIECE_BYTES = 16 * 1024


class Throttled:
    """Passes bytes on, `bytes_per_s` of each connection's answer; `down` counts what has come from the office."""

    def __init__(self, port: int, *, bytes_per_s: int) -> None:
        self._office = port
        self._rate = bytes_per_s
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.down = 0

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.socket()
            try:
                far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * _PIECE_BYTES)
                far.connect(("127.0.0.1", self._office))
            except OSError:
                near.close()
                far.close()
                continue
            threading.Thread(target=self._pass, args=(near, far), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near), kwargs={"slow": True}, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, *, slow: bool = False) -> None:
        try:
            while piece := source.recv(_PIECE_BYTES):
                target.sendall(piece)
                if slow:
                    self.down += len(piece)
                    time.sleep(len(piece) / self._rate)
        except OSError:
            pass
        for end in (source, target):
            end.close()
