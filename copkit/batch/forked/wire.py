"""The wire between an engine and the process that runs its notebook: Jupyter messages on a Unix socket, in frames.

A message is the list of parts that Jupyter would put on a ZeroMQ socket, preceded by the name of its channel.
"""

from __future__ import annotations

import socket
import struct
import threading

CHANNELS = ("shell", "iopub", "failure")
_HEAD = struct.Struct("!BI")  # channel, number of parts
_SIZE = struct.Struct("!Q")


class Wire:
    """One end. Any thread may send; one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self._lock = threading.Lock()
        self._received = bytearray()
        self.taken = 0  # of all that was received [bytes]

    def send(self, channel: str, parts: list) -> None:
        """Send one message, whole; blocks while the other end is late."""
        views = [memoryview(part).cast("B") for part in parts]
        head = _HEAD.pack(CHANNELS.index(channel), len(views)) + b"".join(_SIZE.pack(len(view)) for view in views)
        with self._lock:
            self.socket.sendall(b"".join([head, *views]))

    def receive(self) -> list[tuple[str, list[bytes]]]:
        """The messages that are complete, after one read. Raises EOFError when the other end is closed."""
        try:
            data = self.socket.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            raise EOFError
        self._received += data
        self.taken += len(data)
        messages = []
        while message := self._next():
            messages.append(message)
        return messages

    def _next(self) -> tuple[str, list[bytes]] | None:
        buffer = self._received
        if len(buffer) < _HEAD.size:
            return None
        channel, count = _HEAD.unpack_from(buffer)
        start = _HEAD.size + count * _SIZE.size
        if len(buffer) < start:
            return None
        sizes = [_SIZE.unpack_from(buffer, _HEAD.size + i * _SIZE.size)[0] for i in range(count)]
        end = start + sum(sizes)
        if len(buffer) < end:
            return None
        parts = []
        for size in sizes:
            parts.append(bytes(buffer[start : start + size]))
            start += size
        del buffer[:end]
        return CHANNELS[channel], parts

    def close(self) -> None:
        """Close this end."""
        self.socket.close()
