"""All that the ledger knows of one head, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from reviewer_cli.core.models import State
from reviewer_cli.ledger.views import HeadHistory, ReplyRecord
from reviewer_cli.render.terminal import (
    STATE_STYLE,
    finding,
    head_name,
    literal,
    moment,
    span,
    why,
)
from reviewer_cli.telemetry import shown

MOST_OF_A_REPLY = 4000
"""Characters of a saved reply that a person is shown."""


def history(told: HeadHistory, now: float) -> RenderableType:
    """Its facts, its findings, and what became of the rest."""
    parts: list[RenderableType] = [
        Rule(style="dim"),
        _facts(told, now),
        Text(),
        *(finding(one) for one in told.findings if one.disposition == "kept"),
    ]
    if told.head.state is State.DEAD:
        parts += [_reply(one) for one in told.replies]
    parts += _left_out(told)
    return Group(*parts)


def _facts(told: HeadHistory, now: float) -> RenderableType:
    head = told.head
    facts = Table.grid(padding=(0, 2))
    facts.add_column(style="dim")
    facts.add_column()
    rows: list[tuple[str, RenderableType]] = [
        ("head", Text.assemble(head_name(head.key), " ", (head.key.sha, "dim"))),
        ("title", literal(head.title)),
        ("author", literal(head.author)),
        ("into", literal(head.base_ref)),
        (
            "state",
            Text.assemble((head.state, STATE_STYLE[head.state]), "  ", literal(why(head, now))),
        ),
        ("round", str(head.round)),
        ("attempts", str(head.attempts)),
        ("first seen", moment(head.first_seen_at)),
        ("changed", moment(head.changed_at)),
    ]
    if head.error_class:
        rows.append(("last error", literal(shown(f"{head.error_class}: {head.error}"))))
    if told.review_id:
        rows.append(("posted as", literal(told.review_id)))
    if told.note:
        rows.append(("note", literal(told.note)))
    if told.engine:
        rows.append(("engine", literal(f"{told.engine}, contract {told.contract_hash}")))
    if head.removed:
        rows.append(("removed", f"{' and '.join(head.removed)}, for their age"))
    rows += [("pass", literal(_pass(one))) for one in told.replies]
    for label, value in rows:
        facts.add_row(label, value)
    return facts


def _pass(one: ReplyRecord) -> str:
    used = f"{one.input_tokens + one.output_tokens:,} tokens, ${one.usd:.2f}"
    return f"{one.step}: {one.model}, {used}, {span(one.duration_s)}"


def _reply(one: ReplyRecord) -> RenderableType:
    """What an engine answered, as far as a person will read it."""
    text = shown(one.reply)
    if len(text) > MOST_OF_A_REPLY:
        text = f"{text[:MOST_OF_A_REPLY]} … (--json shows all)"
    return Group(literal(f"Saved reply ({one.step}):", "dim"), Padding(Text(text), (0, 0, 1, 2)))


def _left_out(told: HeadHistory) -> Iterator[RenderableType]:
    dropped = [one for one in told.findings if one.disposition != "kept"]
    if dropped:
        yield Text("Not posted:", style="dim")
    lines = [f"{one.disposition}: {one.title} ({one.place}): {one.reason}" for one in dropped]
    lines += [f"not reviewed: {path} ({reason})" for path, reason in told.unreviewed]
    for line in lines:
        yield Padding(literal(line, "dim"), (0, 0, 0, 2))
