"""A digest as Markdown: the whole of it for an issue or a file, and in brief for a message.

Whatever a person, a model or a host wrote is inert: no HTML, link, image, mention or reference in
it lives, and none can end the cell that it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reviewer_cli.core.digest import Advice, Digest
from reviewer_cli.core.digest_figures import period
from reviewer_cli.core.digest_words import CLAIMED, changed, recorded, written_for
from reviewer_cli.core.sanitise import (
    MARKER_START,
    code_span,
    fenced,
    harmless_markdown,
    is_harmless_code,
    one_line,
)
from reviewer_cli.render.digest_sections import details
from reviewer_cli.render.digest_tables import (
    LABEL_HINT,
    Counsel,
    Figure,
    Section,
    Table,
    advised,
    changes,
    figures,
    nearly_missed,
    to_judge,
)

TITLE = "Review-quality digest"
MOST_OF_A_CELL = 120
MOST_OF_A_SENTENCE = 600
MOST_OF_A_MESSAGE = 2500
BLOCK = re.compile(r"^(\d{0,9})(?=[#>+*=_|.)-])")
FOOTER = (
    "_Acted on means fixed, accepted, or its suggestion committed, of the findings whose pull "
    "request ended in this time. Intervals are 95 % ones. A change is claimed only where chance "
    "would hardly do as much._"
)


def markdown(digest: Digest) -> str:
    """All of a digest, with a newline at its end."""
    parts = [
        f"## {TITLE}",
        *_head(digest),
        _table(
            Table(
                caption="",
                columns=("At a glance", "", "Made of"),
                sides="lrl",
                rows=tuple((one.name, one.value, one.detail) for one in figures(digest)),
            )
        ),
        *_words(digest),
        *_section(changes(digest)),
        *_advice(advised(digest)),
        *_captioned(nearly_missed(digest)),
        *_to_judge(digest),
        *(part for one in details(digest) for part in _section(one)),
        FOOTER,
    ]
    return "\n\n".join(parts) + "\n"


def brief(digest: Digest) -> str:
    """The headline, the figures, the changes and the advice in at most 2,500 characters."""
    start = "\n\n".join((f"**{TITLE}**", *_when(digest)))
    lines = [
        *(f"- {_said(sentence)}" for sentence in digest.headline),
        *(f"- {one.name}: {_said(_figure(one))}" for one in figures(digest)),
        *(f"- {_said(changed(one))}" for one in digest.changes if one.verdict in CLAIMED),
        *(f"- {_said(one.sentence)}" for counsel in advised(digest) for one in counsel.pieces),
    ]
    # The headline may have said it already.
    lines = [
        line for at, line in enumerate(lines) if not any(line[2:] in one for one in lines[:at])
    ]
    return _within(MOST_OF_A_MESSAGE, f"{start}\n", lines)


def _figure(told: Figure) -> str:
    return f"{told.value} ({told.detail})" if told.detail else told.value


def _within(limit: int, told: str, lines: list[str]) -> str:
    """The lines that fit below a start, each as a whole; the others are counted.

    Half a line could have half a code span, and what was quoted in it would come to life.
    """
    left = 0
    for line in lines:
        if len(told) + len(line) + 1 > limit - 60:
            left += 1
        else:
            told += f"\n{line}"
    return f"{told}\n- and {left:,} more, in the whole digest" if left else told


def _head(digest: Digest) -> Iterator[str]:
    yield from _when(digest)
    yield "\n".join(f"- {_said(sentence)}" for sentence in digest.headline)


def _when(digest: Digest) -> Iterator[str]:
    yield f"**{_said(period(digest.period))}**{_scope(digest)}"
    note = recorded(digest.period)
    if note:
        yield f"_{_said(note)}_"


def _scope(digest: Digest) -> str:
    return f", of {code_span(digest.scope)} alone" if digest.scope else ""


def _words(digest: Digest) -> Iterator[str]:
    if digest.words is not None:
        model, price = code_span(digest.words.model), written_for(digest.words)
        yield f"> {_said(digest.words.text)}\n>\n> Written by {model}{price}, not computed."


def _section(told: Section) -> Iterator[str]:
    if not told.sentences and not told.tables:
        return
    yield f"### {told.title}"
    if told.sentences:
        yield " ".join(_said(one) for one in told.sentences)
    for one in told.tables:
        yield from _captioned(one)


def _advice(counsels: tuple[Counsel, ...]) -> Iterator[str]:
    if not counsels:
        return
    yield "### What to do"
    for counsel in counsels:
        yield f"#### {counsel.title}"
        for one in counsel.pieces:
            yield from _piece(one)


def _piece(one: Advice) -> Iterator[str]:
    yield f"{_said(one.sentence)} _{_said(one.evidence)}_"
    if not one.text:
        return
    if is_harmless_code(one.text) and MARKER_START not in one.text:
        yield f"Into {code_span(one.file)}:\n\n{fenced(one.text.rstrip())}"
    else:
        yield f"The text for {code_span(one.file)} is told by `reviewer digest` alone."


def _to_judge(digest: Digest) -> Iterator[str]:
    drawn = to_judge(digest)
    if drawn.rows:
        yield from _captioned(drawn)
        yield LABEL_HINT


def _captioned(told: Table) -> Iterator[str]:
    if told.rows:
        yield f"**{told.caption}**"
        yield _table(told)
    if told.note:
        yield f"_{_said(told.note)}_"


def _table(told: Table) -> str:
    rule = "".join(" ---: |" if side == "r" else " --- |" for side in told.sides)
    rows = "\n".join(_row(row) for row in told.rows)
    return f"{_row(told.columns)}\n|{rule}\n{rows}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """A pipe would end the cell even in a code span, where it cannot be written as an entity."""
    line = one_line(text, MOST_OF_A_CELL)
    if "|" in line:
        line = line.replace("`", "'")
    return harmless_markdown(line).replace("|", "&#124;")


def _said(text: str) -> str:
    """A sentence that may stand first on a line: it begins no heading, list, quote or rule."""
    return BLOCK.sub(r"\1\\", harmless_markdown(one_line(text, MOST_OF_A_SENTENCE)))
