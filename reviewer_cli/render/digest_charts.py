"""The charts of the HTML digest, as SVG without a colour, a font or a script of its own.

Colours come from the page's style by class. A chart says in its title what it shows, and the page
has its numbers as a table. Coordinates have one decimal, so that equal numbers are equal bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from math import ceil, floor, log10

from markupsafe import Markup, escape

from reviewer_cli.core.activity import Month
from reviewer_cli.core.digest_figures import duration, money, percent, rated
from reviewer_cli.core.measures import Point, Share
from reviewer_cli.render.digest_trends import Trend

WIDTH = 360
TREND_HEIGHT = 150
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 12, 22
"""Room around the plot of a trend, for the numbers of its axes."""
LABELS = 172
"""Room for the names of rows."""
VALUES = 48
"""Room for the numbers at the end of rows."""
ROW = 24
STEPS = (1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0)
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0
DURATIONS = (
    *(10.0, 20.0, 40.0),
    *(MINUTE_S * count for count in (1, 2, 4, 6, 8, 10, 20, 30, 40)),
    *(HOUR_S * count for count in (1, 2, 4, 6, 8, 12, 24)),
)


def line(told: Trend, share: Share | None) -> Markup:
    """A trend as a line with a dot for each week, and the interval of its last one."""
    low, high = (share.low, share.high) if share is not None else (None, None)
    top = _ceiling(told, max([*told.values, high or 0.0]))
    x, y = _across(len(told.points)), _up(top)
    parts = [*_axes(told, top)]
    for run in _runs(told.points):
        path = " ".join(f"{_n(x(at))},{_n(y(value))}" for at, value in run)
        parts.append(Markup('<polyline class="line" points="{}"/>').format(path))
    dots = [(at, one.value) for at, one in enumerate(told.points) if one.value is not None]
    last = len(told.points) - 1
    if low is not None and high is not None and dots and dots[-1][0] == last:
        parts.append(_whisker(x(last), y(low), x(last), y(high)))
    parts += [_dot(x(at), y(value), "now" if at == last else "") for at, value in dots]
    return _svg(told.key, _summary(told), TREND_HEIGHT, parts)


def columns(told: Trend) -> Markup:
    """A trend as a column for each week."""
    top = _ceiling(told, max(told.values))
    x, y = _across(len(told.points)), _up(top)
    last = len(told.points) - 1
    width = min(18.0, 0.7 * (x(1) - x(0)) if last else 18.0)
    parts = [*_axes(told, top)]
    for at, one in enumerate(told.points):
        if one.value is not None:
            height = y(0) - y(one.value)
            kind = "bar now" if at == last else "bar"
            parts.append(_rect(kind, x(at) - width / 2, y(one.value), width, height))
    return _svg(told.key, _summary(told), TREND_HEIGHT, parts)


def bars(key: str, title: str, rows: Sequence[tuple[str, float]]) -> Markup:
    """Shares of one whole as a bar each, with its name before it and its number behind it."""
    longest = max((share for _, share in rows), default=0.0) or 1.0
    room = WIDTH - LABELS - VALUES
    parts: list[Markup] = []
    for at, (name, share) in enumerate(rows):
        middle = ROW * at + ROW / 2
        width = room * share / longest
        parts.append(_text("name", 0, middle + 4, name))
        parts.append(_rect("bar now", LABELS, middle - 6, width, 12))
        parts.append(_text("value", LABELS + 6 + width, middle + 4, percent(share)))
    return _svg(key, title, ROW * len(rows), parts)


def intervals(key: str, title: str, rows: Sequence[tuple[str, Share]]) -> Markup:
    """Rates from 0 to 100 % as dots on their intervals; without a rate the cases alone."""
    left, right = 62.0, WIDTH - 14.0
    bottom = ROW * len(rows)

    def x(rate: float) -> float:
        return left + (right - left) * rate

    parts: list[Markup] = []
    for rate in (0.0, 0.25, 0.5, 0.75, 1.0):
        parts.append(_line("grid", x(rate), 0, x(rate), bottom))
        parts.append(_text("axis middle", x(rate), bottom + 14, percent(rate)))
    for at, (name, share) in enumerate(rows):
        middle = ROW * at + ROW / 2
        parts.append(_text("name", 0, middle + 4, name))
        if share.rate is None or share.low is None or share.high is None:
            parts.append(_text("value", left + 6, middle + 4, rated(share)))
        else:
            parts.append(_whisker(x(share.low), middle, x(share.high), middle))
            parts.append(_dot(x(share.rate), middle, "now"))
    return _svg(key, title, bottom + 20, parts)


def month_bar(key: str, title: str, told: Month) -> Markup:
    """What a month has cost so far as a bar, and where its end may be as an interval."""
    top = max(told.high_usd, told.so_far_usd) or 1.0
    room = WIDTH - 8.0

    def x(usd: float) -> float:
        return 1 + room * usd / (1.04 * top)

    parts = [
        _rect("track", 1, 22, room, 16),
        _rect("bar now", 1, 22, x(told.so_far_usd) - 1, 16),
        _text("value", 1, 14, f"{money(told.so_far_usd)} so far"),
        _whisker(x(told.low_usd), 30, x(told.high_usd), 30),
        _dot(x(told.likely_usd), 30, "now"),
        _text("value end", x(told.high_usd), 14, f"likely {money(told.likely_usd)}"),
    ]
    return _svg(key, title, 44, parts)


def _axes(told: Trend, top: float) -> Iterable[Markup]:
    y, x = _up(top), _across(len(told.points))
    for value in (0.0, top / 2, top):
        yield _line("grid", LEFT, y(value), WIDTH - RIGHT, y(value))
        yield _text("axis end", LEFT - 6, y(value) + 4, told.write(value))
    weeks = [one.week.rpartition("-")[2] for one in told.points]
    last = len(weeks) - 1
    for at in sorted({0, last // 2, last}):
        yield _text("axis middle", x(at), TREND_HEIGHT - 6, weeks[at])


def _summary(told: Trend) -> str:
    known = [one for one in told.points if one.value is not None]
    first, last = known[0], known[-1]
    ends = f"{told.write(first.value)} in {first.week}, {told.write(last.value)} in {last.week}"
    return f"{told.name} by week: {ends}, at most {told.write(max(told.values))}"


def _ceiling(told: Trend, most: float) -> float:
    """The top of an axis: no less than `most`, and with a half that can be written as well."""
    if most <= 0:
        return 1.0
    if told.write is duration:
        return next((top for top in DURATIONS if top >= most), 2 * DAY_S * ceil(most / DAY_S / 2))
    power = 10.0 ** floor(log10(most))
    return next(step * power for step in STEPS if step * power >= most)


def _across(count: int) -> Callable[[float], float]:
    step = (WIDTH - LEFT - RIGHT) / max(count, 1)
    return lambda at: LEFT + step * (at + 0.5)


def _up(top: float) -> Callable[[float], float]:
    return lambda value: TREND_HEIGHT - BOTTOM - (TREND_HEIGHT - TOP - BOTTOM) * value / top


def _runs(points: Sequence[Point]) -> Iterable[list[tuple[int, float]]]:
    """The weeks that stand together without a gap."""
    run: list[tuple[int, float]] = []
    for at, one in enumerate(points):
        if one.value is None:
            yield from [run] if run else []
            run = []
        else:
            run.append((at, one.value))
    yield from [run] if run else []


def _svg(key: str, title: str, height: float, parts: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="chart-{}">'
        '<title id="chart-{}">{}</title>{}</svg>'
    ).format(WIDTH, _n(height), key, key, title, Markup("").join(parts))


def _text(kind: str, x: float, y: float, text: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(
        kind, _n(x), _n(y), escape(text)
    )


def _line(kind: str, x1: float, y1: float, x2: float, y2: float) -> Markup:
    return Markup('<path class="{}" d="M{} {}L{} {}"/>').format(
        kind, _n(x1), _n(y1), _n(x2), _n(y2)
    )


def _whisker(x1: float, y1: float, x2: float, y2: float) -> Markup:
    """An interval with a stroke across each of its ends."""
    (dx, dy) = (4, 0) if x1 == x2 else (0, 4)
    ends = Markup("").join(
        _line("whisker", x - dx, y - dy, x + dx, y + dy) for x, y in ((x1, y1), (x2, y2))
    )
    return _line("whisker", x1, y1, x2, y2) + ends


def _dot(x: float, y: float, kind: str) -> Markup:
    size = 4 if kind else 2.5
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"/>').format(
        f"dot {kind}".strip(), _n(x), _n(y), size
    )


def _rect(kind: str, x: float, y: float, width: float, height: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        kind, _n(x), _n(y), _n(width), _n(height)
    )


def _n(value: float) -> str:
    return f"{round(value, 1) + 0.0:g}"
