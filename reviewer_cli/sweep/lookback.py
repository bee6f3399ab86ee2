"""Looking back from a head at earlier commits of its pull request, in a mirror that has them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.coverage import DiffLimits
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.linemap import Whereabouts, adds, followed, whereabouts
from reviewer_cli.core.models import Anchor, Change, Placement, Side
from reviewer_cli.core.outcomes import LinesSince
from reviewer_cli.core.rounds import News, news
from reviewer_cli.errors import HeadGone
from reviewer_cli.git.changes import changes, compared
from reviewer_cli.git.descent import change_between
from reviewer_cli.git.following import lines_since, text_of
from reviewer_cli.git.mirror import Mirror
from reviewer_cli.git.run import GitBusy
from reviewer_cli.ledger.earlier import LastReviewed
from reviewer_cli.ports.host import Remote
from reviewer_cli.retry import while_busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """What a pull request became since its last reviewed head, `sha`."""

    sha: str
    change: Change
    news: News


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """Lines of a file at a commit that a finding, whose id this is, was about."""

    id: int
    sha: str
    path: str
    first: int
    last: int


class Lookback:
    """From the head `sha`; what is asked about a commit that was not fetched has no answer."""

    def __init__(self, mirror: Mirror, remote: Remote, sha: str, limits: DiffLimits) -> None:
        self._mirror = mirror
        self._remote = remote
        self._sha = sha
        self._limits = limits
        self._there: set[str] = set()
        self._diffs: dict[str, Diff] = {}

    def fetch(self, shas: Collection[str]) -> None:
        """Bring these commits, and the head; after a force-push some of them may be gone."""
        if not shas:
            return
        for sha in dict.fromkeys((self._sha, *sorted(shas))):
            try:
                while_busy(lambda: self._mirror.fetch(self._remote, [sha]), GitBusy)  # noqa: B023
            except HeadGone:
                continue
            self._there.add(sha)

    def since(self, last: LastReviewed, diff: Diff) -> Since | None:
        """What is new in the head's whole diff since the last reviewed one."""
        if last.sha not in self._there:
            return None
        before = changes(self._mirror, last.merge_base, last.sha, self._limits)
        change = change_between(
            self._mirror, last.sha, before.merge_base, self._sha, diff.merge_base
        )
        return Since(sha=last.sha, change=change, news=news(before, diff))

    def threads(self, threads: Sequence[Thread]) -> tuple[Thread, ...]:
        """Where these would stand on the head, without those whose lines are gone."""
        return tuple(self._followed(threads))

    def lines(self, flagged: Sequence[Flagged]) -> dict[int, LinesSince]:
        """What became of lines by now, by the ids of their findings, where it can be told."""
        told = {one.id: self._lines(one) for one in flagged}
        return {finding: lines for finding, lines in told.items() if lines is not None}

    def contains(self, sha: str) -> bool:
        """Whether the head came after this commit, or is it."""
        return {sha, self._sha} <= self._there and self._mirror.merge_base(sha, self._sha) == sha

    def unchanged(self, flagged: Flagged) -> Flagged | None:
        """The lines where they are at the head; None where they are not as they were."""
        place = self._place(flagged)
        if place is None or place.is_changed or place.first is None or place.last is None:
            return None
        return replace(flagged, sha=self._sha, path=place.path, first=place.first, last=place.last)

    def shared(self, sha: str, base: str, anchor: Anchor) -> Anchor | None:
        """Where the lines of a place at `sha` are at the head, which has their commit as well.

        `base` is where the change began that they are part of. None where there is no such commit,
        be it that equal lines were written twice, or where either changed them afterwards.
        """
        if anchor.placement is not Placement.LINE or anchor.side is not Side.RIGHT:
            return None
        last = anchor.line or 1
        one = Flagged(id=0, sha=sha, path=anchor.path, first=anchor.start_line or last, last=last)
        if not {sha, self._sha} <= self._there:
            return None
        common = self._mirror.merge_base(sha, self._sha)
        if common is None or not self._put_in(base, one) or self._put_in(common, one) is not False:
            return None
        here = self.unchanged(one)
        if here is None:
            return None
        start = here.first if here.first < here.last else None
        return replace(anchor, path=here.path, line=here.last, start_line=start)

    def text(self, flagged: Flagged) -> tuple[str, ...] | None:
        """What stands at the head where the lines are, or would be; None where it is not known."""
        place = self._place(flagged)
        return text_of(self._mirror, self._sha, place) if place is not None else None

    def _put_in(self, since: str, flagged: Flagged) -> bool | None:
        diff = compared(self._mirror, since, flagged.sha, self._limits)
        return adds(diff, flagged.path, flagged.first, flagged.last)

    def _place(self, flagged: Flagged) -> Whereabouts | None:
        since = self._since(flagged.sha)
        if since is None:
            return None
        return whereabouts(since, flagged.path, flagged.first, flagged.last)

    def _followed(self, threads: Sequence[Thread]) -> Iterator[Thread]:
        for thread in threads:
            since = self._since(thread.sha)
            found = followed(thread, since, self._sha) if since is not None else None
            if found is not None:
                yield found

    def _lines(self, one: Flagged) -> LinesSince | None:
        since = self._since(one.sha)
        if since is None:
            return None
        where = (one.path, one.first, one.last)
        return lines_since(self._mirror, since, *where, self._sha, self._limits)

    def _since(self, sha: str) -> Diff | None:
        if not {sha, self._sha} <= self._there:
            return None
        if sha not in self._diffs:
            self._diffs[sha] = compared(self._mirror, sha, self._sha, self._limits)
        return self._diffs[sha]
