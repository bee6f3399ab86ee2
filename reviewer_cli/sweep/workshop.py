"""Where a head is made ready: its commits fetched, its diff computed, its files laid out."""

from __future__ import annotations

import os
import threading
from collections import defaultdict
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import Head, HeadKey
from reviewer_cli.core.tree import CheckoutLimits
from reviewer_cli.errors import HeadGone
from reviewer_cli.git.changes import changes
from reviewer_cli.git.checkout import CheckoutPool
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.git.run import GitBusy
from reviewer_cli.ports import Remote
from reviewer_cli.retry import while_busy

FETCH_TOGETHER = 100
"""Heads whose commits are fetched in one conversation with the remote."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A head ready for review; `close` gives its checkout back."""

    diff: Diff
    checkout: Path
    resources: ExitStack

    def close(self) -> None:
        """Give the checkout back; harmless when repeated."""
        self.resources.close()


class Workshop:
    """Prepares heads in the cache directory; safe to use from several threads."""

    def __init__(self, cache_dir: Path, limits: DiffLimits, *, batch_size: int) -> None:
        """Checkouts are kept for the next sweep, as many as one batch can hold."""
        self._cache_dir = cache_dir
        self._limits = limits
        self._tree_limits = CheckoutLimits()
        self._pool = CheckoutPool(cache_dir / "checkouts", keep=2 * batch_size)
        self._mirrors: dict[str, Mirror] = {}
        self._expected: dict[str, list[Head]] = defaultdict(list)
        self._brought: set[HeadKey] = set()
        # Bound by the processor: more heads at once would only delay the first review.
        self._cores = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def expect(self, heads: Iterable[Head]) -> None:
        """Announce heads that will be prepared, so that their commits come in few fetches."""
        for head in heads:
            self._expected[_name(head)].append(head)

    def prepare(self, head: Head, remote: Remote) -> Prepared:
        """The diff of a head and a directory with its files.

        Raises HeadGone when the commit no longer exists, HeadRejected when it can never be
        reviewed, other HeadErrors when a later try may succeed.
        """
        mirror = self._fetched(head, remote)
        resources = ExitStack()
        with self._cores:
            diff = changes(mirror, head.base_sha, head.key.sha, self._limits)
            checkout = resources.enter_context(
                self._pool.borrow(mirror, head.key.sha, self._tree_limits)
            )
        return Prepared(diff, checkout.path, resources)

    def _fetched(self, head: Head, remote: Remote) -> Mirror:
        name = _name(head)
        with self._locks[name]:
            mirror = self._mirrors.get(name) or Mirror.open(self._cache_dir, name)
            self._mirrors[name] = mirror
            if head.key not in self._brought:
                self._bring(mirror, remote, head, self._expected[name])
        return mirror

    def _bring(self, mirror: Mirror, remote: Remote, head: Head, expected: list[Head]) -> None:
        together = [head, *(other for other in expected[:FETCH_TOGETHER] if other != head)]
        del expected[:FETCH_TOGETHER]
        try:
            while_busy(lambda: mirror.fetch(remote, _commits(together)), GitBusy)
        except HeadGone:
            # All others came; what is gone may be one of them.
            while_busy(lambda: mirror.fetch(remote, _commits([head])), GitBusy)
        self._brought.update(one.key for one in together)


def _commits(heads: Iterable[Head]) -> list[str]:
    return list(dict.fromkeys(sha for head in heads for sha in (head.key.sha, head.base_sha)))


def _name(head: Head) -> str:
    return f"{head.key.host}/{head.key.repo}"
