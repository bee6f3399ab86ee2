"""A whole pull request for a terminal: its rounds and commands as they came, then its newest head.

One without a past, a single head that nobody answered, is told as that head alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.text import Text

from reviewer_cli.core.models import Change, State
from reviewer_cli.ledger.views import (
    CommandRecord,
    FindingRecord,
    HeadHistory,
    OutcomeRecord,
    PullHistory,
)
from reviewer_cli.render.history import history
from reviewer_cli.render.terminal import (
    SEVERITY_STYLE,
    STATE_STYLE,
    head_name,
    literal,
    moment,
    why,
)

LOOKED_AT: dict[str, str] = {
    Change.WHOLE: "looked at the whole of it",
    Change.PUSH: "looked at what was pushed since {}",
    Change.FORCE_PUSH: "looked at what a force-push made of {}",
    Change.REBASE: "looked at what is new since {}, on another base",
}


def story(told: PullHistory, now: float) -> RenderableType:
    """What happened to a pull request, each finding with what became of it."""
    newest = told.heads[-1]
    outcomes = any(finding.outcomes for finding in newest.findings)
    if len(told.heads) == 1 and not told.commands and not outcomes:
        return history(newest, now)
    events = [(one.head.first_seen_at, _round(one, now)) for one in told.heads]
    events += [(one.said_at, _command(one)) for one in told.commands]
    in_order = [shown for _, shown in sorted(events, key=itemgetter(0))]
    rest = literal("The newest head; reviewer ledger show SHA tells as much of any other:", "dim")
    parts = [Rule(style="dim"), *_title(told), Text(), *in_order, Text(), rest]
    return Group(*parts, history(newest, now))


def _title(told: PullHistory) -> Iterator[Text]:
    head, pull = told.heads[-1].head, told.pull
    yield Text.assemble(head_name(head.key), "  ", literal(head.title, "bold"))
    facts = [f"by {head.author or 'nobody known'}", f"into {head.base_ref}"]
    if pull is not None:
        facts.append(f"{pull.state}{f' {moment(pull.ended_at)}' if pull.ended_at else ''}")
        facts += [f"as {pull.merged_as[:8]}"] if pull.merged_as else []
        facts += [pull.standing] if pull.standing else []
    usd = sum(one.head.usd for one in told.heads)
    facts += [f"{len(told.heads)} head{'s' if len(told.heads) > 1 else ''}", f"${usd:.2f}"]
    yield literal(", ".join(facts), "dim")
    if pull is not None and pull.gathered_at is not None:
        yield literal(f"what people did there was last read {moment(pull.gathered_at)}", "dim")


def _round(told: HeadHistory, now: float) -> RenderableType:
    head = told.head
    line = Text.assemble(
        (moment(head.first_seen_at), "dim"),
        f"  {head.key.sha[:8]}  round {head.round}: ",
        (head.state, STATE_STYLE[head.state]),
    )
    notes = [literal(one, "dim") for one in _notes(told, now) if one]
    found = [_finding(one, head.state) for one in told.findings]
    return Group(line, *(Padding(one, (0, 0, 0, 2)) for one in (*notes, *found)))


def _notes(told: HeadHistory, now: float) -> Iterator[str]:
    head = told.head
    yield why(head, now)
    if head.wish:
        yield f"a comment asked for it ({head.wish})"
    if head.merged_at is not None:
        yield f"merged {moment(head.merged_at)}, before it was reviewed"
    if told.change:
        since = told.since_sha[:8] or "an earlier head"
        yield LOOKED_AT.get(told.change, "nothing was new since {}").format(since)
    if told.amends is not None and told.amends == told.review_id:
        yield f"nothing new: added to the earlier review {told.amends}"
    if head.lost_findings:
        yield "its findings were removed for their age"
    elif told.engine and not told.findings:
        yield "no findings"


def _finding(one: FindingRecord, state: State) -> RenderableType:
    title = Text.assemble(
        (f" {one.severity} ", SEVERITY_STYLE[one.severity]), " ", literal(one.title, "bold")
    )
    fates = [_fate(each) for each in one.outcomes]
    if one.disposition != "kept":
        fates = [f"not posted, {one.disposition}: {one.reason}", *fates]
    elif not fates and state is State.POSTED:
        fates = ["nothing has become of it yet"]
    lines = [literal(one.place, "underline"), *(literal(fate) for fate in fates)]
    return Group(title, *(Padding(line, (0, 0, 0, 4)) for line in lines))


def _fate(one: OutcomeRecord) -> str:
    return f"{one.outcome}: {one.evidence} ({moment(one.noted_at)})"


def _command(one: CommandRecord) -> RenderableType:
    said = f"{one.author} said {one.word}"
    answer = f": {one.answer}" if one.answer else ""
    return Text.assemble((moment(one.said_at), "dim"), "  ", literal(said + answer))
