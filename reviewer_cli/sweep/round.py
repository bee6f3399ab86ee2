"""One round of a pull request: what is looked at, and what its findings are compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reviewer_cli.core.conversation import Thread
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.guidance import Guidance
from reviewer_cli.core.known import without_known
from reviewer_cli.core.models import Change, Earlier, Remark
from reviewer_cli.core.prompt import Before
from reviewer_cli.core.repeats import without_repeats
from reviewer_cli.sweep.lookback import Since


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """A round, its `number` counted from 1.

    `since` is None where all of the change is looked at. `earlier` is what was said in the rounds
    before, `others` what other people and programs say in threads of their own.
    """

    number: int
    today: date
    whole: Diff
    guidance: Guidance = Guidance()  # noqa: RUF009 - frozen
    since: Since | None = None
    earlier: tuple[Earlier, ...] = ()
    others: tuple[Thread, ...] = ()

    @property
    def diff(self) -> Diff:
        """What is looked at: what is new, with its surroundings, or all of it."""
        return self.since.news.diff if self.since else self.whole

    @property
    def has_news(self) -> bool:
        """Whether there is anything that no round has looked at."""
        return bool(self.diff.files)

    @property
    def change(self) -> Change:
        """How the pull request came here from its last reviewed head."""
        return self.since.change if self.since else Change.WHOLE

    @property
    def before(self) -> Before | None:
        """What an engine is told of earlier rounds."""
        if self.since is None and not self.earlier:
            return None
        reviewed = self.since.news.reviewed if self.since else ()
        return Before(reviewed=reviewed, said=self.earlier)

    def new(self, found: Sequence[Remark]) -> tuple[Remark, ...]:
        """The remarks; what was said before, or is known to the base, is kept on record only."""
        known, baseline = self.guidance.known, self.guidance.baseline
        found = without_known(found, known, baseline, self.whole, self.today)
        news = self.since.news if self.since else None
        return without_repeats(found, self.earlier, self.others, news, self.whole)
