"""After the merge: whether lines that were flagged were soon put back or mended after all."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from reviewer_cli.core.outcomes import Commit, judged_after_merge
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ledger import outcomes
from reviewer_cli.ledger.landed import Landed, landed, looked, rested
from reviewer_cli.ledger.views import PullRecord
from reviewer_cli.sweep.aside import aside
from reviewer_cli.sweep.lookback import Flagged
from reviewer_cli.sweep.plan import Doors, Plan
from reviewer_cli.sweep.poll import Poll

LOGGER = logging.getLogger(__name__)

DAY_S = 86_400.0
MOST_PULLS = 20
"""Pull requests of one sweep; each takes a few git processes."""
MOST_BASES = 3
"""Tips of its base that are tried for one of them, since open pull requests know different ones."""


async def look_after_merge(doors: Doors, plan: Plan, sweep_id: int, polled: Poll) -> None:
    """Note it for the merged pull requests of the last time, once a day for each.

    How far their base has come is known from other pull requests that are open into it. One that
    fails is named in the log and looked at a day later.
    """
    if plan.only_pull is not None:
        return
    store, now = doors.ledger.store, doors.clock()
    if not rested(store, polled.answered, now, now - DAY_S, 1):
        return
    bases: dict[tuple[str, str, str], list[str]] = {}
    for tip in reversed(polled.tips):  # those that were opened last know most of their base
        bases.setdefault((tip.key.host, tip.key.repo, tip.base_ref), []).append(tip.base_sha)
    repos = {(host, repo) for host, repo, _ in bases}
    merged = rested(store, repos, now, now - DAY_S, MOST_PULLS) if repos else ()
    for record in merged:
        host, repo = record.key.host, record.key.repo
        found = [one for one in landed(store, record.key) if (host, repo, one.base_ref) in bases]
        if not found:
            continue
        tips = list(dict.fromkeys(bases[host, repo, found[0].base_ref]))[:MOST_BASES]
        try:
            noted = await aside(partial(_noted, doors, plan, record, tips, found))
            outcomes.note(store, noted, sweep_id, now)
        except ReviewerError as error:
            LOGGER.warning("What became of %s after its merge is not known: %s", record.key, error)
    looked(store, [record.key for record in merged], now)


def _noted(
    doors: Doors, plan: Plan, record: PullRecord, tips: Sequence[str], found: Sequence[Landed]
) -> list[outcomes.Noted]:
    """For a thread: what became of the findings' lines from the merge to a tip of the base.

    A tip from before the merge tells nothing.
    """
    key, remote = record.key, doors.hosts[record.key.host].remote(record.key.repo)
    merged_as = record.merged_as or key.sha
    look_back = partial(doors.workshop.look_back, remote=remote)
    then = look_back(replace(key, sha=merged_as), shas={one.sha for one in found})
    later = (look_back(replace(key, sha=tip), shas={merged_as}) for tip in tips)
    now = next((one for one in later if one.contains(merged_as)), None)
    if now is None:
        return []
    merge = Commit(sha=merged_as, at=record.ended_at)
    noted: list[outcomes.Noted] = []
    for one in found:
        place = then.unchanged(_flagged(one))
        lines = now.lines([place]).get(one.finding_id) if place is not None else None
        if place is None or lines is None or lines.commit is None:
            continue
        before = look_back(replace(key, sha=one.before_sha), shas={merged_as}).text(place)
        told = judged_after_merge(lines, before, merge, plan.watch_s)
        if told is not None:
            evidence = told.evidence
            noted.append(
                outcomes.Noted(finding_id=one.finding_id, outcome=told.outcome, evidence=evidence)
            )
    return noted


def _flagged(one: Landed) -> Flagged:
    return Flagged(id=one.finding_id, sha=one.sha, path=one.path, first=one.first, last=one.last)
