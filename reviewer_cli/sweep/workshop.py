"""Where a head is made ready: its commits fetched, its diff computed, its files laid out."""

from __future__ import annotations

import os
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.guidance import Guidance
from reviewer_cli.core.models import Head, HeadKey, Unreviewed
from reviewer_cli.core.outcomes import LinesSince
from reviewer_cli.core.tree import CheckoutLimits
from reviewer_cli.errors import AccessRefused, HeadGone
from reviewer_cli.git.changes import changes
from reviewer_cli.git.checkout import CheckoutPool
from reviewer_cli.git.guidance import project_guidance
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.git.run import GitBusy, GitError, end_all
from reviewer_cli.ledger.earlier import LastReviewed
from reviewer_cli.ports.host import Remote
from reviewer_cli.retry import while_busy
from reviewer_cli.sweep.lookback import Flagged, Lookback, Since

FETCH_TOGETHER = 100
"""Heads whose commits are fetched in one conversation with the remote."""
LONGEST_STOP_S = 2.0
BASES = 16
"""Commits of base branches whose guidance is remembered: most heads of a sweep share one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A head ready for review; `close` gives its checkout back.

    `since` is None where all of it is to be looked at; `others` are other people's threads as they
    would stand on this head. `unopened` are the files whose changed
    lines are reviewed although the checkout lacks them.
    """

    diff: Diff
    since: Since | None = None
    others: tuple[Thread, ...] = ()
    guidance: Guidance
    unopened: tuple[Unreviewed, ...]
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
        # Those in review, as many being prepared, and the one that waits between.
        self._pool = CheckoutPool(cache_dir / "checkouts", keep=2 * batch_size + 1)
        self._mirrors: dict[str, Mirror] = {}
        self._expected: dict[str, list[Head]] = defaultdict(list)
        self._brought: set[HeadKey] = set()
        self._refused: dict[str, AccessRefused] = {}
        # Bound by the processor: more heads at once would only delay the first review.
        self._cores = threading.BoundedSemaphore(os.cpu_count() or 1)
        self._guidance = lru_cache(maxsize=BASES)(project_guidance)
        self._is_stopped = False
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    def expect(self, heads: Iterable[Head]) -> None:
        """Announce heads that will be prepared, so that their commits come in few fetches."""
        for head in heads:
            self._expected[_name(head.key)].append(head)

    def prepare(
        self,
        head: Head,
        remote: Remote,
        last: LastReviewed | None = None,
        others: Sequence[Thread] = (),
    ) -> Prepared:
        """The diff of a head, what is new in it since the `last` one, and a directory of its files.

        `others` are threads, which are followed to where they would stand now.

        Raises HeadGone when the commit no longer exists, HeadRejected when it can never be
        reviewed, AccessRefused when its host refuses git our credential, and asks that host
        nothing more then; other HeadErrors when a later try may succeed.
        """
        mirror = self._fetched(head, remote)
        resources = ExitStack()
        lookback = Lookback(mirror, remote, head.key.sha, self._limits)
        with self._locks[_name(head.key)]:
            lookback.fetch({*(one.sha for one in others), *([last.sha] if last else ())})
        with self._cores:
            # From the branch as it is, not from the merge base: what was mended since holds too.
            guidance = self._guidance(mirror, head.base_sha)
            limits = replace(self._limits, project_ignore=guidance.ignore)
            diff = changes(mirror, head.base_sha, head.key.sha, limits)
            checkout = resources.enter_context(
                self._pool.borrow(mirror, head.key.sha, self._tree_limits)
            )
        shown = {file.path for file in diff.files}
        return Prepared(
            diff=diff,
            since=lookback.since(last, diff) if last else None,
            others=lookback.threads(others),
            guidance=guidance,
            unopened=tuple(file for file in checkout.skipped if file.path in shown),
            checkout=checkout.path,
            resources=resources,
        )

    def follow(
        self, key: HeadKey, remote: Remote, flagged: Sequence[Flagged]
    ) -> dict[int, LinesSince]:
        """See `Lookback.lines`; errors as `prepare` raises them."""
        return self.look_back(key, remote, {one.sha for one in flagged}).lines(flagged)

    def look_back(self, key: HeadKey, remote: Remote, shas: Collection[str]) -> Lookback:
        """From a commit, the key's, at these others, which are fetched; errors as `prepare`."""
        with self._locks[_name(key)]:
            lookback = Lookback(self._mirror(_name(key)), remote, key.sha, self._limits)
            lookback.fetch(shas)
        return lookback

    def tidy(self) -> None:
        """Remove the checkouts that a dead sweep left half made or too many."""
        self._pool.tidy()

    def stop(self) -> None:
        """End the git processes of what is being prepared, however slow their remote is."""
        self._is_stopped = True
        end_all()
        # Who holds such a lock may have been about to start one; nobody else will fetch now.
        until = time.monotonic() + LONGEST_STOP_S
        for lock in list(self._locks.values()):
            while not (is_ours := lock.acquire(timeout=0.05)) and time.monotonic() < until:
                end_all()
            if is_ours:
                lock.release()

    def _mirror(self, name: str) -> Mirror:
        mirror = self._mirrors.get(name) or Mirror.open(self._cache_dir, name)
        self._mirrors[name] = mirror
        return mirror

    def _fetched(self, head: Head, remote: Remote) -> Mirror:
        name = _name(head.key)
        with self._locks[name]:
            if self._is_stopped:
                raise GitError("the sweep was stopped; the next one fetches this head")
            if refusal := self._refused.get(head.key.host):
                raise AccessRefused(str(refusal))
            mirror = self._mirror(name)
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
        except AccessRefused as error:
            # Others may wait for this repository already: they need not ask again.
            self._refused[head.key.host] = error
            raise
        self._brought.update(one.key for one in together)


def _commits(heads: Iterable[Head]) -> list[str]:
    return list(dict.fromkeys(sha for head in heads for sha in (head.key.sha, head.base_sha)))


def _name(key: HeadKey) -> str:
    return f"{key.host}/{key.repo}"
