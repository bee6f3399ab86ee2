"""Telling in one issue of each repository what was found in what was merged unreviewed.

The ledger does not know these issues: each is looked for, so that a lost ledger opens no second
one. Where none is found the look is repeated after the time for which lists may be of the past, as
a draft rests: only then is what a sweep that died had opened certain to be seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial

from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import unreviewed
from reviewer_cli.ports.issues import Issue, IssueBoard, kept, kept_or_opened
from reviewer_cli.render.unreviewed import merged_issue
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.availability import host_door
from reviewer_cli.sweep.outgoing import masked_text
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll
from reviewer_cli.sweep.report import Tally
from reviewer_cli.telemetry import RepositoryFailed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Notice:
    """What one repository's issue shall say; an empty one is no reason to open it."""

    repo: str
    issue: Issue
    is_empty: bool


async def tell_merged(doors: Doors, plan: Plan, polled: Poll, tally: Tally) -> None:
    """Keep these issues up to date, if that was asked for; call it after the reviews.

    One that cannot be written is named; the next such sweep tries again, and no review waits.
    """
    if not plan.merged_issue:
        return
    for name, board in doors.issues.items():
        if doors.availability.against_door(host_door(name)):
            continue  # which is in the report already
        answered = {repo for host, repo in polled.answered if host == name}
        notices: list[_Notice] = []
        for repo in unreviewed.repositories(doors.ledger.store, name, answered):
            with _named(repo, tally):
                notices.append(_notice(doors, plan, name, board, repo))
        if notices:
            with _named(name, tally):
                await aside(partial(board.check, [one.repo for one in notices]))
                await _tell(doors, board, notices, tally)


async def _tell(doors: Doors, board: IssueBoard, notices: list[_Notice], tally: Tally) -> None:
    unfiled: list[_Notice] = []
    for one in notices:
        with _named(one.repo, tally):
            is_kept = await aside(partial(kept, board, one.repo, one.issue))
            if not is_kept and not one.is_empty:
                unfiled.append(one)
    if unfiled:
        await doors.sleep(board.lists_lag_s)
    for one in unfiled:
        with _named(one.repo, tally):
            await aside(partial(kept_or_opened, board, one.repo, one.issue))


def _notice(doors: Doors, plan: Plan, host: str, board: IssueBoard, repo: str) -> _Notice:
    within_s = plan.merged_s or 0.0
    found = unreviewed.found_in(doors.ledger.store, host, repo, doors.clock() - within_s)
    issue = merged_issue(found, within_s, board.body_chars)
    return _Notice(
        repo=repo,
        issue=replace(issue, body=masked_text(issue.body)),
        is_empty=not any(one.remarks for one in found),
    )


@contextmanager
def _named(name: str, tally: Tally) -> Iterator[None]:
    """Whatever fails inside is named, and nothing else fails because of it."""
    try:
        yield
    except ReviewerError as error:
        reason = f"{name}: the issue that github.issues_token keeps is not up to date: {error}"
        tally.observe(RepositoryFailed(repo=name, reason=reason))
