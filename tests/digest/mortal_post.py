"""Processes that make and send a digest, each killed at another point, and one that comes after.

Arguments: a directory and the port of a service. Each point gets a directory of its own, and the
service is asked under its name. Says in `points.json` what each was, in order.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from apprise import Apprise

from reviewer_cli.digest.notice import written
from reviewer_cli.ledger.lock import exclusive
from reviewer_cli.ledger.store import Store
from reviewer_cli.notify.file import FileChannel
from reviewer_cli.notify.services import ServiceChannel
from reviewer_cli.ports.notices import Form, Notice
from tests.digest.mailroom import DAY, MONDAY, W47, Mailroom, sample

FORM = "json://127.0.0.1:{}/{}"


class Points:
    """Counts what is passed, and dies at one of them."""

    def __init__(self, note: Path, last: int) -> None:
        self._note = note
        self._left = last

    def passed(self, name: str) -> None:
        """Die here if this is the one."""
        self._left -= 1
        if self._left == 0:
            self._note.write_text(name)
            os.kill(os.getpid(), signal.SIGKILL)


def watched(points: Points) -> None:
    """A point before and behind everything that is kept or goes out."""

    @contextmanager
    def transaction(self: Store) -> Iterator[None]:
        points.passed("before a transaction")
        with real(self):
            yield
            points.passed("before its end")
        points.passed("behind it")

    real = Store.transaction
    Store.transaction = transaction  # type: ignore[method-assign]
    for kind in (FileChannel, ServiceChannel):
        _watch(kind, points)


def _watch(kind: type[FileChannel] | type[ServiceChannel], points: Points) -> None:
    real = kind.send

    def send(self: FileChannel | ServiceChannel, notice: Notice) -> bool:
        points.passed(f"before {self.name}")
        done = real(self, notice)  # type: ignore[arg-type]
        points.passed(f"behind {self.name}")
        return done

    kind.send = send  # type: ignore[method-assign,assignment]


def tick(root: Path, port: int, now: float, last: int) -> tuple[str, ...]:
    """What a sweep does, up to its point."""
    with exclusive(root / "sweep.lock", now):
        room = Mailroom(root, FORM.format(port, root.name), now=now)
        watched(Points(root / "point", last))
        return room.tick()


def in_a_process(root: Path, port: int, now: float, last: int = -1) -> int:
    """The same in a process of its own; its exit code, or less than 0 where it was killed."""
    child = os.fork()
    if not child:
        code = 1
        try:
            said = tick(root, port, now, last)
            (root / f"said-{now:.0f}.json").write_text(json.dumps(said))
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def main() -> None:
    """One point after the other until nobody dies any more."""
    whole, port = Path(sys.argv[1]), int(sys.argv[2])
    Apprise.instantiate("json://127.0.0.1")  # loaded once, not in each process
    written(sample(W47, ""), Form.BRIEF)
    points = []
    for last in range(1, 100):
        root = whole / f"point-{last:02}"
        root.mkdir(mode=0o700)
        room = Mailroom(root)
        room.swept()
        room.store.close()
        killed = in_a_process(root, port, MONDAY, last) == -signal.SIGKILL
        if not killed:
            break
        points.append((root / "point").read_text())
        assert in_a_process(root, port, MONDAY + DAY) == 0
    (whole / "points.json").write_text(json.dumps(points))


if __name__ == "__main__":
    main()
