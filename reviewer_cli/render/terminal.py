"""What the commands print on a terminal; every word from outside is made visible and literal."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from reviewer_cli.core.coverage import NO_CHANGED_LINES
from reviewer_cli.core.models import HeadKey, Severity, State
from reviewer_cli.core.sanitise import one_line, visible
from reviewer_cli.ledger.views import FindingRecord, HeadHistory, HeadRecord, Status, SweepRecord

SEVERITY_STYLE = {
    Severity.CRITICAL: "bold white on red",
    Severity.HIGH: "bold red",
    Severity.MEDIUM: "yellow",
    Severity.LOW: "cyan",
}
STATE_STYLE = {
    State.POSTED: "green",
    State.SKIPPED: "dim",
    State.SUPERSEDED: "dim",
    State.DEAD: "bold red",
    State.DUE: "yellow",
    State.CLAIMED: "blue",
    State.REVIEWED: "blue",
    State.POSTING: "blue",
}
STATE_WORD = {State.DUE: "will be retried"}
MOST_QUOTED_LINES = 6
WIDTH_OF_FILES = 120


def literal(text: str, style: str = "") -> Text:
    """Text from outside on one line: no markup, no control sequence, no line break."""
    return Text(one_line(text, 1000), style=style)


def head_name(key: HeadKey, *, short: bool = False) -> Text:
    """A head as `repository@branch`; `short` keeps only the repository's own name."""
    repo = os.path.basename(key.repo) or key.repo if short else key.repo
    mark = "#" if key.pull.isdecimal() else "@"
    return Text.assemble(literal(repo, "dim"), (mark, "dim"), literal(key.pull, "bold"))


def moment(at: float) -> str:
    """A moment in local time, to the minute."""
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """A duration in its two largest units, in tenths below ten seconds."""
    if 0 <= seconds < 10:
        return f"{seconds:.1f}s"
    whole = max(0, round(seconds))
    for size, unit, below, name in (
        (86_400, "d", 3600, "h"),
        (3600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if whole >= size:
            rest = whole % size // below
            return f"{whole // size}{unit} {rest}{name}" if rest else f"{whole // size}{unit}"
    return f"{whole}s"


def _nothing(history: HeadHistory) -> str:
    """What there is to say of a review that said nothing itself."""
    standing = sum(one.disposition == "repeated" for one in history.findings)
    said = "✓ nothing new" if history.head.round > 1 else "✓ no findings"
    if not standing:
        return said
    return f"{said}; {standing} {'was' if standing == 1 else 'were'} said before"


def review(history: HeadHistory) -> RenderableType:
    """A posted review as a reader of the terminal sees it: one block for each finding."""
    head = history.head
    kept = [one for one in history.findings if one.disposition == "kept"]
    unreviewed = "  merged unreviewed" if head.merged_at is not None else ""
    name = head_name(head.key, short=True)
    title = Text.assemble(name, (unreviewed, "yellow"), "  ", literal(head.title, "italic"))
    parts: list[RenderableType] = [Rule(title, align="left", style="dim", characters="─")]
    if not kept:
        parts.append(Padding(Text(_nothing(history), style="green"), (0, 0, 0, 2)))
    parts += [finding(one) for one in kept]
    missed = [one for one in history.unreviewed if one[1] != NO_CHANGED_LINES]
    if missed:
        names = ", ".join(f"{path} ({why})" for path, why in missed[:5])
        more = len(missed) - 5
        note = f"not reviewed: {names}" + (f" and {more} more" if more > 0 else "")
        parts.append(Padding(literal(note, "dim"), (0, 0, 0, 2)))
    return Group(*parts, Text())


def finding(one: FindingRecord) -> RenderableType:
    """One finding: severity, place and title, then its text, then the code it quotes."""
    head = Text.assemble(
        (f" {one.severity} ", SEVERITY_STYLE[one.severity]),
        " ",
        literal(one.title, "bold"),
    )
    kind = f"{one.category} · {one.rule}" if one.rule else one.category
    place = Text.assemble(literal(one.place, "underline"), "  ", literal(kind, "dim"))
    lines = visible(one.quote).strip("\n").split("\n")
    quote = "\n".join(lines[:MOST_QUOTED_LINES]) + ("\n…" if len(lines) > MOST_QUOTED_LINES else "")
    parts: list[RenderableType] = [
        head,
        Padding(place, (0, 0, 0, 2)),
        Padding(Text(quote, style="dim", no_wrap=True, overflow="ellipsis"), (0, 0, 0, 4)),
        Padding(prose(one.body.strip()), (0, 0, 1, 2)),
    ]
    return Padding(Group(*parts), (0, 0, 0, 2))


def prose(text: str) -> Text:
    """Words of an engine, its code spans in another colour."""
    shown = Text(visible(text))
    shown.highlight_regex(r"`[^`\n]+`", "cyan")
    return shown


def heads(records: Sequence[HeadRecord], now: float) -> Table:
    """A table of heads, one line each."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "head", "state", "findings", "age", "why"):
        table.add_column(name, justify="right" if name == "id" else "left", overflow="fold")
    for one in records:
        found = _found(one) if one.state is State.POSTED else ""
        table.add_row(
            str(one.head_id),
            Text.assemble(head_name(one.key, short=True), " ", (one.key.sha[:8], "dim")),
            Text(one.state, style=STATE_STYLE[one.state]),
            found,
            span(now - one.changed_at),
            literal(why(one, now), "dim"),
        )
    return table


def severities(found: Sequence[Severity]) -> Text:
    """Counts by severity, worst first, short enough for a table."""
    counts = [(grade, found.count(grade)) for grade in Severity if grade in found]
    if not counts:
        return Text("none", style="dim")
    return Text(" ").join(Text(f"{n} {grade}", style=SEVERITY_STYLE[grade]) for grade, n in counts)


def _found(one: HeadRecord) -> Text:
    return Text("removed", style="dim") if one.lost_findings else severities(one.severities)


def why(one: HeadRecord, now: float) -> str:
    """The reason for a head's state, and for a waiting one what it waits for."""
    if one.state is State.DUE and one.standing and not one.wish:
        return f"{one.standing} in a comment, until a comment resumes it"
    if one.state is State.DUE and one.attempts:
        wait = one.next_due_at - now
        when = f"in {span(wait)}" if wait > 0 else "at the next sweep"
        return f"attempt {one.attempts} failed, again {when}: {one.error}"
    if one.state is State.DUE and one.next_due_at > now and not one.error:
        return f"waits {span(one.next_due_at - now)} for more pushes"
    return one.reason or (one.error or "" if one.state is State.DEAD else "")


def status(seen: Status, now: float) -> RenderableType:
    """The queue at a glance, what is unfinished, and the last sweeps."""
    glance = Table(box=None, pad_edge=False, header_style="dim")
    counts = (
        ("due", seen.due, "bold"),
        ("waiting", seen.waiting, "yellow"),
        ("in flight", seen.in_flight, "blue"),
        ("to post", seen.saved, "blue"),
        ("dead", seen.dead, "bold red"),
        ("posted", seen.posted, "green"),
        ("skipped", seen.skipped, ""),
        ("superseded", seen.superseded, ""),
    )
    for name, _, _ in counts:
        glance.add_column(name, justify="right")
    glance.add_row(*(Text(str(count), style if count else "dim") for _, count, style in counts))
    advice = [burial(seen.dead)] if seen.dead else []
    advice += [suggestion(seen.proposals)] if seen.proposals else []
    spend = Text(f"spent ${seen.usd_day:.2f} in the last day, ${seen.usd_total:.2f} in all", "dim")
    parts: list[RenderableType] = [glance, Text(), *advice, spend, Text(), sweeps(seen.last_sweeps)]
    if seen.unfinished:
        parts += [Text(), Text("Unfinished", style="bold"), heads(seen.unfinished, now)]
    return Group(*parts)


def burial(dead: int) -> Text:
    """What can be done about heads that are dead."""
    heads = "1 head is" if dead == 1 else f"{dead} heads are"
    return literal(
        f"{heads} dead and will not be tried again; reviewer ledger show HEAD tells why, "
        "reviewer ledger retry HEAD lets the next sweep try.",
        "red",
    )


def suggestion(proposals: int) -> Text:
    """What can be done about findings that nobody wants."""
    kinds = "1 kind of finding was" if proposals == 1 else f"{proposals} kinds of findings were"
    return literal(
        f"{kinds} declined again and again; reviewer ledger proposals prints what would declare "
        "them as known.",
        "dim",
    )


def sweeps(records: Sequence[SweepRecord]) -> RenderableType:
    """The last sweeps, one line each, and below them what stopped those that did not end well."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    numbers = ("open", "new", "posted", "skipped", "retry", "dead", "usd", "exit")
    for name in ("sweep", "started", "took", *numbers):
        table.add_column(name, justify="left" if name == "started" else "right", no_wrap=True)
    for one in records:
        counts = one.counts
        table.add_row(
            str(one.sweep_id),
            moment(one.started_at),
            span(one.ended_at - one.started_at) if one.ended_at is not None else "…",
            *map(str, (counts.polled, counts.new, counts.posted, counts.skipped)),
            *map(str, (counts.retried, counts.dead)),
            f"{counts.usd:.2f}",
            str(one.exit_code) if one.exit_code is not None else "…",
        )
    causes: dict[str, list[str]] = {}
    for one in records:
        if one.error or one.ended_at is None:
            causes.setdefault(one.error or "runs, or was killed", []).append(str(one.sweep_id))
    notes = [literal(f"sweep {', '.join(ids)}: {cause}", "red") for cause, ids in causes.items()]
    return Group(table, *([Text(), *notes] if notes else []))


def print_all(parts: Sequence[RenderableType]) -> None:
    """Print to standard output; a file or a mail gets no blanks at the ends of its lines."""
    out = console()
    if out.is_terminal:
        for part in parts:
            out.print(part)
        return
    with out.capture() as captured:
        for part in parts:
            out.print(part)
    lines = captured.get().split("\n")
    out.out("\n".join(line.rstrip() for line in lines), end="", highlight=False)


def console(*, stderr: bool = False) -> Console:
    """A console without markup, emoji codes or guessed highlights; files and mails get room."""
    made = Console(stderr=stderr, markup=False, emoji=False, highlight=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH_OF_FILES
    return made
