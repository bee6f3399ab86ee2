"""The parts of a digest as figures, sentences and tables, which every format draws in its own way.

Texts from outside stand in them as they are: each format makes them harmless for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reviewer_cli.core.digest import Advice, Digest, Drawn
from reviewer_cli.core.digest_figures import (
    MIN_FINDINGS,
    counted,
    duration,
    interval,
    money,
    number,
    percent,
    rated,
)
from reviewer_cli.core.digest_words import (
    ADVICE,
    CLAIMED,
    compared,
    is_better,
    subject,
    value,
    word,
)
from reviewer_cli.core.measures import Named, Share
from reviewer_cli.core.quality import Change, Near, Verdict

Fact = tuple[str, str, str]
MOST_ROWS = 20
"""Of one table; the rest is counted, and is in the JSON."""
LABEL_HINT = "Drawn at random; `reviewer digest --label` asks whether each is right."
MARKS = {Verdict.MORE: "▲", Verdict.LESS: "▼", Verdict.NO_SIGN: "·"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One of the numbers that are told first, and what it is made of."""

    name: str
    value: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Cells in rows, each row named by its first cell.

    `sides` has one letter for each column: l for words, r for numbers. `note` says what was left
    out. `tones` has one word for each row, better, worse or nothing, or is empty. `bars` has a
    share for each row that a format may draw beside it, or is empty.
    """

    caption: str
    columns: tuple[str, ...]
    sides: str
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    tones: tuple[str, ...] = ()
    bars: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What is told under one heading; `key` is its name for a program."""

    key: str
    title: str
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counsel:
    """The advice of one kind under its heading."""

    title: str
    pieces: tuple[Advice, ...]


def table(
    caption: str,
    columns: Sequence[str],
    sides: str,
    rows: Iterable[Sequence[str]],
    bars: Iterable[float | None] = (),
) -> Table:
    """A table of at most twenty rows; what is more is counted in its note."""
    listed = tuple(tuple(row) for row in rows)
    more = len(listed) - MOST_ROWS
    return Table(
        caption=caption,
        columns=tuple(columns),
        sides=sides,
        rows=listed[:MOST_ROWS],
        note=f"And {more:,} more, in the JSON." if more > 0 else "",
        bars=tuple(bars)[:MOST_ROWS],
    )


def facts(caption: str, rows: Iterable[Fact]) -> Table:
    """A table of single numbers, each with its name and what it is made of."""
    return table(caption, ("What", "How much", "Made of"), "lrl", rows)


def section(key: str, title: str, sentences: Iterable[str], tables: Iterable[Table]) -> Section:
    """A section without the sentences and tables that have nothing to say."""
    return Section(
        key=key,
        title=title,
        sentences=tuple(one for one in sentences if one),
        tables=tuple(one for one in tables if one.rows),
    )


def figures(digest: Digest) -> tuple[Figure, ...]:
    """The four numbers that tell whether it is worth it."""
    return (_acted_on(digest), _price(digest), _speed(digest), _coverage(digest))


def changes(digest: Digest) -> Section:
    """What changed against the four weeks before, and then what did not."""
    known = [one for one in digest.changes if one.verdict is not Verdict.TOO_FEW]
    told = sorted(known, key=lambda one: one.verdict not in CLAIMED)
    unknown = [subject(one) for one in digest.changes if one.verdict is Verdict.TOO_FEW]
    compare = Table(
        caption="Against the four weeks before",
        columns=("What", "Now", "Before", "Verdict", "Compared"),
        sides="lrrll",
        rows=tuple(_change(one) for one in told),
        note=f"Too few to tell: {'; '.join(unknown)}." if unknown else "",
        tones=tuple(_tone(one) for one in told),
    )
    return section("changes", "What changed", (), (compare,))


def advised(digest: Digest) -> tuple[Counsel, ...]:
    """What to do, by kind, in the order in which it is told."""
    counsels = (
        Counsel(title=title, pieces=tuple(one for one in digest.advice if one.kind is kind))
        for kind, title in ADVICE.items()
    )
    return tuple(one for one in counsels if one.pieces)


def to_judge(digest: Digest) -> Table:
    """The findings to label by hand."""
    return table(
        "To judge by hand",
        ("Finding", "Where"),
        "ll",
        ((_finding(one, f"number {one.finding_id}"), _where(one)) for one in digest.draw),
    )


def nearly_missed(digest: Digest) -> Table:
    """What was passed over and turned out to matter."""
    return table(
        "Nearly missed: passed over, and mended later",
        ("Finding", "Where", "What happened"),
        "lll",
        (
            (_finding(one, "without its title"), _where(one), f"{one.before}, then {one.after}")
            for one in digest.nearly_missed
        ),
    )


def _finding(one: Near | Drawn, name: str) -> str:
    return f"{one.severity}: {one.title or name}"


def _where(one: Near | Drawn) -> str:
    return f"{one.place}, {one.repo} {one.pull}"


def listed(ones: Iterable[Named]) -> str:
    """Names with their counts, such as "draft 64, bot 38"."""
    return ", ".join(f"{one.name} {one.count:,}" for one in ones)


def total(ones: Iterable[Named]) -> int:
    """How often all of them were."""
    return sum(one.count for one in ones)


def of_all(share: Share) -> str:
    """The cases behind a rate, such as "88 of 604"; nothing where `rated` says so already."""
    return f"{share.hits:,} of {share.of:,}" if share.of >= MIN_FINDINGS else ""


def _acted_on(digest: Digest) -> Figure:
    told = digest.accuracy.whole.acceptance
    if told.of < MIN_FINDINGS:
        detail = "too few to tell" if told.of else "no pull request with findings has ended"
        return Figure(name="Findings acted on", value=rated(told), detail=detail)
    detail = f"{told.hits:,} of {told.of:,}; 95 % interval {interval(told)}"
    return Figure(name="Findings acted on", value=percent(told.rate), detail=detail)


def _price(digest: Digest) -> Figure:
    cost = digest.cost
    detail = f"{money(cost.usd)} in all, {money(cost.per_review_usd)} a review"
    if cost.per_review_usd is None:
        detail = f"{money(cost.usd)} in all"
    return Figure(
        name="Cost per finding acted on", value=money(cost.per_acted_on_usd), detail=detail
    )


def _speed(digest: Digest) -> Figure:
    first = digest.latency.first
    detail = f"median of {counted(first.n, 'first review')}" if first.n else "no first review"
    if first.p90_s is not None:
        detail += f"; 90 % within {duration(first.p90_s)}"
    return Figure(name="Push to review", value=duration(first.p50_s), detail=detail)


def _coverage(digest: Digest) -> Figure:
    volume = digest.volume
    covered = volume.covered
    if volume.merged is None or covered is None:
        each = digest.noise.per_review
        detail = f"with {number(each)} findings each" if each is not None else ""
        return Figure(name="Reviews", value=number(volume.reviewed), detail=detail)
    if covered.of < MIN_FINDINGS:
        return Figure(name="Merged with a review", value=rated(covered), detail="")
    detail = f"{covered.hits:,} of {covered.of:,}; 95 % interval {interval(covered)}"
    return Figure(name="Merged with a review", value=percent(covered.rate), detail=detail)


def _change(one: Change) -> tuple[str, ...]:
    now, before = value(one.metric, one.now), value(one.metric, one.before)
    return (subject(one), now, before, f"{MARKS[one.verdict]} {word(one)}", compared(one))


def _tone(one: Change) -> str:
    return {True: "better", False: "worse", None: ""}[is_better(one)]
