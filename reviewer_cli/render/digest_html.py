"""A digest as one HTML page that needs nothing else: no script, no picture, no font of others.

The page forbids itself to load or run anything but its own style, which is named by its hash, so
that whatever a text brought in would stay dead even if it were not escaped.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_figures import NOTHING, period
from reviewer_cli.core.digest_words import PARTS, month, recorded, written_for
from reviewer_cli.core.sanitise import one_line, visible
from reviewer_cli.render import digest_charts
from reviewer_cli.render.digest_sections import (
    TIME_SPENT,
    details,
    months_end,
)
from reviewer_cli.render.digest_tables import (
    LABEL_HINT,
    Section,
    Table,
    advised,
    changes,
    figures,
    nearly_missed,
    to_judge,
)
from reviewer_cli.render.digest_trends import Trend, trends, week_table
from reviewer_cli.render.digest_worth import severities

MOST_OF_A_CELL = 140
MOST_OF_A_SENTENCE = 600
CODE = re.compile(r"`([^`]+)`")
UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|h|d)(?!\w))")
RANGE = re.compile(r"(?<=\d)-(?=\$?[\d.,]+(?:\u00a0%|\)))")
POLICY = "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing with its numbers as a table below it; None where that is beside it anyhow."""

    caption: str
    svg: Markup
    numbers: Table | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A section with its charts; what they draw is in no other table of it."""

    section: Section
    charts: tuple[Chart, ...]
    tables: tuple[Table, ...]


def page(digest: Digest) -> str:
    """The whole page; the same digest is the same text."""
    environment, style = _environment()
    return environment.get_template("digest.html.j2").render(
        digest=digest,
        style=style,
        policy=POLICY.format(b64encode(sha256(style.encode()).digest()).decode()),
        when=period(digest.period),
        note=recorded(digest.period),
        figures=figures(digest),
        changes=changes(digest),
        counsels=advised(digest),
        nearly_missed=nearly_missed(digest),
        to_judge=to_judge(digest),
        label_hint=LABEL_HINT,
        chapters=tuple(_chapters(digest)),
    )


@cache
def _environment() -> tuple[Environment, str]:
    loader = PackageLoader("reviewer_cli", "render/templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_shown,
    )
    environment.filters["cell"] = _cell
    environment.filters["said"] = _said
    environment.filters["price"] = written_for
    style, _, _ = loader.get_source(environment, "digest.css")
    return environment, style


def _shown(value: object) -> object:
    """What no reader can see is made visible before it is escaped, wherever it stands."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _set(text: str) -> str:
    """A number stays on one line with its unit, and what is nothing or a range has its dash."""
    if text == NOTHING:
        return "\u2013"
    return RANGE.sub("\u2060\u2013\u2060", UNIT.sub("\u00a0", text))


def _cell(text: str) -> Markup:
    return escape(_set(one_line(text, MOST_OF_A_CELL)))


def _said(text: str) -> Markup:
    """A sentence; what stands between backticks in it is set as code."""
    pieces = CODE.split(_set(one_line(text, MOST_OF_A_SENTENCE)))
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if at % 2 else escape(piece)
        for at, piece in enumerate(pieces)
    )


def _chapters(digest: Digest) -> Iterator[Chapter]:
    followed = {one.key: one for one in trends(digest)}
    for section in details(digest):
        charts = tuple(_charts(section, digest, followed.get(section.key)))
        drawn = {chart.numbers.caption for chart in charts if chart.numbers is not None}
        tables = tuple(one for one in section.tables if one.caption not in drawn)
        yield Chapter(section=section, charts=charts, tables=tables)


def _charts(section: Section, digest: Digest, trend: Trend | None) -> Iterator[Chart]:
    numbers = {one.caption: one for one in section.tables}
    if trend is not None:
        yield _trend(trend, digest)
    rows = [(one.name, one.acceptance) for one in severities(digest.accuracy)]
    if section.key == "worth" and any(share.rate is not None for _, share in rows):
        caption = "Findings acted on by severity, with their 95 % intervals"
        svg = digest_charts.intervals("severity", caption, rows)
        yield Chart(caption=caption, svg=svg, numbers=None)
    if section.key == "speed" and TIME_SPENT in numbers:
        parts = [(words, getattr(digest.latency.parts, name) or 0.0) for name, words in PARTS]
        svg = digest_charts.bars("parts", "Where the time from push to review went", parts)
        yield Chart(caption="Where that time went", svg=svg, numbers=numbers[TIME_SPENT])
    if section.key == "cost" and digest.cost.month.high_usd:
        told = digest.cost.month
        svg = digest_charts.month_bar("month", month(told), told)
        yield Chart(caption="The month", svg=svg, numbers=months_end(told))


def _trend(told: Trend, digest: Digest) -> Chart:
    is_its_week = told.points[-1].week == digest.period.week
    if told.key == "cost":
        svg = digest_charts.columns(told)
    elif told.key == "worth" and is_its_week:
        svg = digest_charts.line(told, digest.accuracy.whole.acceptance)
    else:
        svg = digest_charts.line(told, None)
    return Chart(caption=f"{told.name} by week", svg=svg, numbers=week_table(told))
