"""Parts of a digest where a year has none of the odd cases: doors, places, places of a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from reviewer_cli.core.activity import Outage, Use
from reviewer_cli.core.digest import Digest
from reviewer_cli.core.periods import iso, week
from reviewer_cli.core.quality import Metric
from reviewer_cli.digest.batch import use
from reviewer_cli.digest.digest import digest_of
from reviewer_cli.ledger.figures_cost import Answer
from reviewer_cli.ledger.figures_trouble import Sweep
from reviewer_cli.ledger.store import Store
from tests.digest.rows import Ends, Events, Heads, Row, Told, fill
from tests.digest.year import DAY_S, HOUR_S, ZONE

SPAN = week("2026-W20", ZONE)
LATER = 1.9e9
DOOR, OTHER = "host github", "engine agent"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def told(place: Path, *rows: object, now: float = LATER, scope: str = "") -> Digest:
    fill(place, [[[row] for row in rows]])  # type: ignore[list-item]
    with closing(Store(place)) as store:
        return digest_of(store, SPAN, ZONE, scope, now)


def opened(hours: float, word: str = "down", door: str = DOOR) -> Events:
    return Events(round(100 * hours) + 10**6, SPAN.since + hours * HOUR_S, "opened", word, door)


def closed(hours: float, lasted: float, door: str = DOOR) -> Events:
    at = SPAN.since + hours * HOUR_S
    return Events(round(100 * hours) + 10**6 + 1, at, "closed", "down", door, lasted * HOUR_S)


def outage(hours: float, lasted: float, *, kind: str = "down", over: bool = True) -> Outage:
    since = iso(SPAN.since + hours * HOUR_S, ZONE)
    return Outage(door=DOOR, kind=kind, since=since, seconds=lasted * HOUR_S, is_over=over)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([opened(1), closed(3, 2)], outage(1, 2)),
        ([opened(1), closed(3, 2), opened(4), closed(9, 5)], outage(4, 5)),
        # Counted as far as it lies in the week, told from where it began.
        ([opened(-5), closed(3, 8)], outage(-5, 3)),
        ([opened(160), closed(200, 40)], outage(160, 8, over=False)),
        ([opened(-9)], outage(-9, 168, over=False)),
        ([opened(-9), closed(-1, 8)], None),
        ([opened(170)], None),
        # It opens again for another reason, and was never closed between.
        (
            [opened(1), opened(2, "authentication"), closed(5, 3)],
            outage(1, 4, kind="authentication"),
        ),
        # An older program saw it open.
        ([closed(5, 2)], outage(3, 2)),
        # Another door meanwhile; of equal ones the earlier.
        (
            [opened(1), opened(2, door=OTHER), closed(3, 2), closed(4, 2, OTHER)],
            outage(1, 2),
        ),
    ],
    ids=str,
)
def test_the_longest_outage_is_from_a_doors_opening_to_its_closing(
    events: list[Events], expected: Outage | None, place: Path
) -> None:
    assert told(place, *events).trouble.longest == expected


def test_a_door_that_is_shut_now_is_told_until_now(place: Path) -> None:
    digest = told(place, opened(1), now=SPAN.since + 5 * HOUR_S)
    assert digest.trouble.longest == outage(1, 4, over=False)
    assert not digest.period.is_final


def answer(at: float, lasted: float, **changed: float) -> Answer:
    plain = {"micro_usd": 100, "head_id": 1, "is_refused": 0, "sweep_id": 1}
    limits = {"batch_size": 4, "max_usd": 2.0}
    return Answer(received_at=at, duration_s=lasted, **(plain | limits | changed))  # type: ignore[arg-type]


def test_a_batch_is_as_full_as_its_engines_were_busy() -> None:
    """Two answers at once for ten seconds, then one alone for ten: three quarters of two places."""
    answers = [answer(20, 20), answer(10, 10), answer(100, 10, batch_size=2, sweep_id=2)]
    assert use(answers, []) == Use(
        sweeps=0,
        filled=round(40 / (4 * 20 + 2 * 10), 6),
        peak=0.5,
        usd_of_cap=0.0001,
        full_sweeps=0,
    )


def test_one_after_another_is_one_at_once_and_no_peak_is_above_the_whole() -> None:
    assert use([answer(10, 10), answer(20, 10)], []).peak == 0.25
    assert use([answer(10, 10, batch_size=1), answer(19, 10, batch_size=1)], []).peak == 1.0


def test_what_older_programs_did_not_record_is_not_told() -> None:
    sweeps = [Sweep(0, 0, None, None), Sweep(0, 0, 50, 50), Sweep(0, 0, 50, 49)]
    told = use([answer(10, 10, batch_size=None, max_usd=None)], sweeps)  # type: ignore[arg-type]
    assert told == Use(sweeps=3, filled=None, peak=None, usd_of_cap=None, full_sweeps=1)


def test_the_passes_of_one_review_count_together_against_its_cap() -> None:
    answers = [answer(10, 10, micro_usd=900_000), answer(30, 10, micro_usd=700_000)]
    assert use([*answers, answer(40, 9, micro_usd=10**6, head_id=2)], []).usd_of_cap == 0.8


@pytest.fixture
def covered() -> Iterator[list[object]]:
    """A pull request that was merged with a commit of which there was no review."""
    at = SPAN.since + DAY_S
    head = Heads(1, "acme/api", "1", "a" * 40, "posted", 1, at, at, at, at)
    review = Told(
        *(1, at + 50, "acme/api", "1", "a" * 40, 1, "review", None, at, at, at, at + 1, at + 40),
        *("m", "c", 1, 0, 30.0, 10, 10, 0, 0, 0, 0, 0, 0),
    )
    counted = Events(5, at, "counted", "", "github")
    return iter([[head, review, counted]])


@pytest.mark.parametrize(
    ("sha", "ended", "expected"),
    [("a", 60, (1, 1)), ("b", 60, (1, 0)), ("a", 49, (0, 0)), ("b", 49, (0, 0))],
)
def test_a_review_after_the_merge_covers_nothing(
    sha: str, ended: float, expected: tuple[int, int], covered: Iterator[list[object]], place: Path
) -> None:
    at = SPAN.since + DAY_S
    end = Ends(1, at + 90, "acme/api", "1", sha * 40, "merged", at + ended)
    volume = told(place, *next(covered), end).volume
    assert volume.covered is not None
    assert volume.last_head_covered is not None
    assert (volume.covered.hits, volume.last_head_covered.hits) == expected
    assert [one.why for one in volume.merged_unreviewed] == (
        [] if expected[0] else ["merged before its review"]
    )


def reviewed(number: int, at: float, *, kept: int = 0, merged_at: float | None = None) -> list[Row]:
    """A pull request with a review."""
    repo, pull, sha = "acme/api", str(number), f"{number:040x}"
    return [
        Heads(number, repo, pull, sha, "posted", 1, at, at, at, at, merged_at),
        Told(
            *(number, at, repo, pull, sha, 1, "review", merged_at, at, at, at, at, at),
            *("m", "c", 1, 0, 30.0, 10, 10, kept, 0, 0, 0, 0, 0),
        ),
    ]


def merge(number: int, ended: float, noted: float) -> Ends:
    return Ends(number, noted, "acme/api", str(number), f"{number:040x}", "merged", ended)


def test_coverage_begins_when_the_last_of_all_hosts_first_told_what_is_merged(place: Path) -> None:
    """Before that, only what had a review is known: it would look better than it is."""
    sunday = SPAN.since + 6.5 * DAY_S
    rows: list[Row] = [
        Events(1, SPAN.since + DAY_S, "counted", "", "github"),
        Events(2, sunday - 60, "counted", "", "github"),
        Events(3, sunday, "counted", "", "other"),
        Events(4, sunday + 3_600, "counted", "", "other"),
    ]
    for number in range(1, 41):
        at = SPAN.since + number * 3_000
        rows += [*reviewed(number, at), merge(number, at + 60, at + 90)]
    # The first time a host looks back two days: what had a review is noted already.
    rows += [merge(number, sunday - number * 60, sunday) for number in range(41, 45)]
    rows += [*reviewed(45, sunday + 60), merge(45, sunday + 90, sunday + 120)]
    rows += [merge(number, sunday + 300, sunday + 3_600) for number in (46, 47)]
    digest = told(place, *rows)
    assert digest.volume.covered is not None
    assert (digest.volume.covered.hits, digest.volume.covered.of) == (1, 3)
    assert digest.volume.merged == 3
    assert {one.pull for one in digest.volume.merged_unreviewed} == {"46", "47"}
    (compared,) = (one for one in digest.changes if one.metric is Metric.COVERAGE)
    assert compared.now == digest.volume.covered.rate


def test_a_week_without_an_answer_of_what_is_merged_compares_no_coverage(place: Path) -> None:
    at = SPAN.since + DAY_S
    asked = Events(1, SPAN.since - 9 * DAY_S, "counted", "", "github")
    digest = told(place, asked, *reviewed(1, at), merge(1, at + 60, at + 90))
    assert digest.volume.merged is None
    (compared,) = (one for one in digest.changes if one.metric is Metric.COVERAGE)
    assert compared.now is None


def test_reviews_after_the_merge_are_listed_if_they_found_anything(place: Path) -> None:
    at = SPAN.since + DAY_S
    rows = [*reviewed(1, at, merged_at=at - 60), *reviewed(2, at, kept=2, merged_at=at - 60)]
    volume = told(place, *rows).volume
    assert volume.reviewed_after_merge == 2
    assert [(one.pull, one.kept) for one in volume.after_merge] == [("2", 2)]


@pytest.mark.parametrize(
    ("scope", "reviews"),
    [
        ("", 3),
        ("acme/api", 1),
        ("acme", 3),
        ("api", 3),
        ("api-v2", 1),
        ("acme/", 3),
        ("nothing", 0),
    ],
)
def test_a_scope_is_one_exact_repository_or_all_with_it_in_their_name(
    scope: str, reviews: int, place: Path
) -> None:
    rows: list[object] = []
    at = SPAN.since + DAY_S
    for number, repo in enumerate(("acme/api", "acme/api-v2", "acme/rapid-apis"), 1):
        rows.append(Heads(number, repo, "1", "a" * 40, "posted", 1, at, at, at, at))
        rows.append(
            Told(
                *(number, at, repo, "1", "a" * 40, 1, "review", None, at, at, at, at, at),
                *("m", "c", 1, 0, 30.0, 10, 10, 0, 0, 0, 0, 0, 0),
            )
        )
    digest = told(place, *rows, scope=scope)
    assert digest.volume.reviewed == reviews
    names = [row.repo for row in rows if isinstance(row, Told)]
    meant = [scope] if scope in names else [name for name in names if scope and scope in name]
    assert digest.scope == (", ".join(meant) or scope)
