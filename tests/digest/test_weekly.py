"""A week is made and queued once, piece by piece, whatever zones, days asked for and stops do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import Span, week
from reviewer_cli.digest.weekly import OWN_S, Mailing
from reviewer_cli.errors import HostUnavailable
from tests.digest.mailroom import DAY, HOUR, W47, WEEK, ZONE, Failing, Mailroom, sample
from tests.digest.test_delivering import _told

ODD = "notify.odd"
REPOS = tuple(f"acme/{name}" for name in "abcdefg")


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Mailroom]:
    made = Mailroom(tmp_path, mailing=Mailing(channels=(ODD,)))
    made.swept(W47.since + DAY)
    with closing(made.store):
        yield made


@pytest.fixture
def odd(room: Mailroom) -> Failing:
    made = Failing()
    room.more[ODD] = lambda: made
    return made


def kept(room: Mailroom) -> list[float]:
    rows = room.store.read("SELECT since FROM digests WHERE scope = '' ORDER BY since", {})
    return [row["since"] for row in rows]


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Pacific/Auckland"])
def test_a_week_goes_out_once_although_the_time_zone_changes(
    room: Mailroom, odd: Failing, name: str
) -> None:
    room.tick()
    room.zone = ZoneInfo(name)
    room.now += DAY
    assert room.weekly() is None
    first = room.queue()
    assert room.queue(week("2026-W47", room.zone)) == first
    room.tick()
    assert (odd.asked, kept(room)) == (["2026-W47"], [W47.since])
    room.now += 3 * WEEK
    room.tick()
    assert odd.asked == ["2026-W47", "2026-W50"]
    assert kept(room)[1:] == [week(f"2026-W{at}", room.zone).since for at in (48, 49, 50)]


def test_days_that_are_no_week_are_another_time_than_the_week(room: Mailroom) -> None:
    (whole,) = room.queue().digest_ids
    (days,) = room.queue(Span(W47.since, W47.until - DAY + HOUR)).digest_ids
    (later,) = room.queue(Span(W47.since + DAY, W47.until + DAY)).digest_ids
    assert len({whole, days, later}) == 3


@pytest.mark.parametrize("keeps_newest", [True, False])
def test_days_that_somebody_asks_for_take_the_place_of_no_week(
    room: Mailroom, odd: Failing, *, keeps_newest: bool
) -> None:
    odd.keeps_newest = keeps_newest
    odd.error = HostUnavailable("not now")
    room.tick()
    odd.error = None
    assert room.queue(Span(W47.since, W47.until + 2 * DAY)).dropped == 0
    room.now += DAY
    assert room.tick() == ()
    assert odd.asked[1:] == ["2026-W47", "2026-11-16_2026-11-24"]


def test_days_that_somebody_asks_for_hide_no_week_that_was_missed(
    room: Mailroom, odd: Failing
) -> None:
    room.tick()
    room.now += 3 * WEEK
    days = Span(W47.until + 2 * WEEK, W47.until + 2 * WEEK + DAY)
    room.queue(days)
    room.tick()
    weeks = [W47.since + at * WEEK for at in range(4)]
    assert kept(room) == sorted([*weeks, days.since])


@dataclass
class Slow:
    """Makes each digest in so many seconds of the room's clock, and stops before one of them."""

    room: Mailroom
    takes_s: float = 0.0
    stops_at: str = "none"
    made: list[str] = field(default_factory=list)

    def __call__(self, span: Span, scope: str) -> Digest:
        if scope == self.stops_at:
            self.stops_at = "none"
            raise KeyboardInterrupt
        self.room.now += self.takes_s
        self.made.append(scope)
        return sample(span, scope)


@pytest.fixture
def own(room: Mailroom, odd: Failing) -> Slow:
    """Everything and each of seven repositories, to the same channel."""
    room.mailing = Mailing(channels=(ODD,), own=ODD, host="github.com")
    for repo in REPOS:
        _told(room, repo, "github.com")
    made = Slow(room)
    room.make = made
    return made


def test_one_sweep_makes_no_more_repositories_own_than_its_time_allows(
    room: Mailroom, odd: Failing, own: Slow
) -> None:
    own.takes_s = 0.4 * OWN_S
    done = []
    while not done or own.made[-1] != REPOS[-1]:
        assert room.tick() == ()
        done.append(len(own.made))
    assert done == [3, 6, 8], "that of everything counts as well"
    assert own.made == ["", *REPOS]
    assert len(odd.asked) == 1 + len(REPOS)
    assert room.weekly() is None


def test_one_that_takes_all_the_time_keeps_none_back_for_ever(room: Mailroom, own: Slow) -> None:
    own.takes_s = 2 * OWN_S
    for _ in range(1 + len(REPOS)):
        room.tick()
    assert own.made == ["", *REPOS]


def test_what_is_interrupted_goes_on_where_it_was(room: Mailroom, odd: Failing, own: Slow) -> None:
    own.stops_at = "acme/d"
    with suppress(KeyboardInterrupt):
        room.tick()
    assert own.made == ["", *REPOS[:3]]
    room.now += HOUR
    assert room.tick() == ()
    assert own.made == ["", *REPOS], "each once"
    assert len(odd.asked) == 1 + len(REPOS)


def test_by_hand_all_of_them_are_made_whatever_time_it_takes(room: Mailroom, own: Slow) -> None:
    own.takes_s = OWN_S
    first = room.queue()
    assert len(first.digest_ids) == 1 + len(REPOS)
    assert room.queue() == first
    assert own.made == ["", *REPOS]


def test_of_an_older_week_that_is_due_once_more_no_repository_is_told(
    room: Mailroom, own: Slow
) -> None:
    """A clock that is set back for a week finds W46 as it was kept when it was missed."""
    room.queue(week("2026-W46", ZONE))
    room.tick()
    with room.store.transaction():
        room.store.db.execute("UPDATE told SET told_at = told_at - ?", (WEEK,))
    room.now -= WEEK
    assert room.weekly() is None
    assert own.made == ["", "", *REPOS]
