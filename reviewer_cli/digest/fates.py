"""How findings fared, put into three words: acted on, declined, passed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reviewer_cli.core.chance import share
from reviewer_cli.core.facts import Fate
from reviewer_cli.core.measures import Share
from reviewer_cli.core.verdicts import ACTED_ON, DECLINED


@dataclass(frozen=True, slots=True)
class Fared:
    """So many findings fared in each way; the lines of `untraceable` ones could not be followed."""

    acted_on: int = 0
    declined: int = 0
    passed_over: int = 0
    untraceable: int = 0

    @property
    def traced(self) -> int:
        """Those of which it is known how they fared."""
        return self.acted_on + self.declined + self.passed_over

    @property
    def acceptance(self) -> Share:
        """Those acted on, of all that were traced."""
        return share(self.acted_on, self.traced)

    @property
    def precision(self) -> Share:
        """Those acted on, of those that people took a stand on."""
        return share(self.acted_on, self.acted_on + self.declined)


def fared(outcomes: Iterable[tuple[str | None, int]]) -> Fared:
    """Outcomes with how many findings had them, in three words."""
    yes = no = quiet = lost = 0
    for outcome, findings in outcomes:
        if outcome is None:
            lost += findings
        elif outcome in ACTED_ON:
            yes += findings
        elif outcome in DECLINED:
            no += findings
        else:
            quiet += findings
    return Fared(yes, no, quiet, lost)


def acted_on(fates: Iterable[Fate]) -> int:
    """How many findings were acted on."""
    return sum(one.findings for one in fates if one.outcome in ACTED_ON)
