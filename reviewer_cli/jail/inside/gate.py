"""What the watcher is asked by the kernel: whether a process may start, and where to connect.

Processes are counted before they exist, because a watcher that looks now and then loses the race
against a fork bomb: it gets less of the processor with every copy.

Where no namespace hides other Unix sockets, a filter cannot tell them apart: it does not see the
path that connect(2) names, and what a watcher reads of it may have changed when the kernel looks.
So nobody reads it: every connect is answered with a connection to the cell's socket, put in the
place of the caller's own.
"""

from __future__ import annotations

import _thread
import fcntl
import os
import select
import socket
import struct

from reviewer_cli.jail.inside import limits
from reviewer_cli.jail.inside.syscalls import number

# linux/seccomp.h: struct seccomp_notif, _notif_resp and _notif_addfd with their ioctl numbers.
_RECEIVE, _SEND, _ADD_DESCRIPTOR = 0xC0502100, 0xC0182101, 0x40182103
_REQUEST = struct.Struct("<QII iIQ 6Q")
_RESPONSE = struct.Struct("<QqiI")
_ADDED = struct.Struct("<QIIII")
_AT_THIS_NUMBER, _GO_ON = 1 << 0, 1 << 0
_EAGAIN = 11


class Gate:
    """Made before the fork; the child hands its listener over, the watcher then serves it."""

    def __init__(self, *, tasks: int, path: str) -> None:
        self.trouble = ""
        """Why the program has to be ended."""
        self._most = tasks
        self._left = 0
        # Held, not named: whoever may write beside it could put a link in the socket's place.
        self._door = os.open(path, os.O_PATH | os.O_NOFOLLOW) if path else None
        self._ours, self._theirs = socket.socketpair()

    def hand_over(self, listener: int) -> None:
        """In the child."""
        socket.send_fds(self._theirs, [b"."], [listener])

    def open(self) -> None:
        """In the watcher: serve from now on, in a thread; a child that has failed sends nothing."""
        self._theirs.close()
        for listener in socket.recv_fds(self._ours, 1, 1)[1]:
            _thread.start_new_thread(self._serve, (listener,))

    def _serve(self, listener: int) -> None:
        """Answer every question; without answers the program must not go on."""
        try:
            self._answer(listener)
        except BaseException as error:  # noqa: BLE001 - nobody above a thread would hear of it
            self.trouble = f"its gate failed: {error!r}"

    def _answer(self, listener: int) -> None:
        """Until the last process behind the filter has ended."""
        connect = number("connect")
        while True:
            request = bytearray(_REQUEST.size)
            try:
                fcntl.ioctl(listener, _RECEIVE, request)
            except InterruptedError:
                continue
            except FileNotFoundError:  # the caller has ended meanwhile, or the last one has
                if _is_over(listener):
                    return
                continue
            question, process, _, call, _, _, argument, *_ = _REQUEST.unpack(request)
            if call == connect:
                error, then = self._put_through(listener, question, process, argument), 0
            else:
                error, then = self._may_start()
            try:
                fcntl.ioctl(listener, _SEND, _RESPONSE.pack(question, 0, -error, then))
            except OSError:
                continue  # the caller has ended meanwhile

    def _may_start(self) -> tuple[int, int]:
        """Counts anew only when as many have started as there was room for at the last count."""
        if self._left <= 0:
            self._left = self._most - limits.tasks(os.getpid())
        if self._left <= 0:
            self.trouble = f"it wanted more than {self._most} processes and threads"
            return _EAGAIN, 0
        self._left -= 1
        return 0, _GO_ON

    def _put_through(self, listener: int, question: int, process: int, argument: int) -> int:
        """Replace the caller's descriptor by a connection; connect's error number, 0 for none."""
        descriptor = argument & 0xFFFFFFFF
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.connect(f"/proc/self/fd/{self._door}")
                flags = _flags(process, descriptor)
                line.setblocking(not flags & os.O_NONBLOCK)
                added = (_AT_THIS_NUMBER, line.fileno(), descriptor, flags & os.O_CLOEXEC)
                fcntl.ioctl(listener, _ADD_DESCRIPTOR, _ADDED.pack(question, *added))
        except OSError as error:
            return error.errno or 1
        return 0


def _is_over(listener: int) -> bool:
    """Whether no process is left behind the filter."""
    looking = select.poll()
    looking.register(listener, 0)
    return bool(looking.poll(0))


def _flags(process: int, descriptor: int) -> int:
    with open(f"/proc/{process}/fdinfo/{descriptor}", "rb") as file:
        fields = dict(line.split(b":", 1) for line in file if b":" in line)
    return int(fields[b"flags"], 8)
