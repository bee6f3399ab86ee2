"""Every digest comes once: not twice, whatever dies or fails, and never not at all unsaid."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.digest_json import to_json
from reviewer_cli.core.periods import Span, week
from reviewer_cli.digest.weekly import Mailing
from reviewer_cli.errors import ConfigurationError, HostUnavailable
from reviewer_cli.ledger import digests
from reviewer_cli.ledger.outbox import Outbox
from reviewer_cli.telemetry import SECRETS
from tests.digest import mailroom
from tests.digest.mailroom import (
    DAY,
    FILE,
    HOUR,
    TEAM,
    W47,
    WEEK,
    ZONE,
    Failing,
    Mailroom,
    sample,
)
from tests.notify.post_office import Mood, PostOffice, post_office


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def room(tmp_path: Path, office: PostOffice) -> Iterator[Mailroom]:
    made = Mailroom(tmp_path, office.url)
    made.swept()
    with closing(made.store):
        yield made


def test_it_comes_once_to_each_channel_however_many_ticks_there_are(
    room: Mailroom, office: PostOffice
) -> None:
    for _ in range(5):
        assert room.tick() == ()
        room.now += DAY
    assert [one["title"] for one in office.arrived] == ["Reviews, 2026-W47"]
    assert room.file.read_text().startswith("#")
    assert room.states() == {TEAM: "delivered", FILE: "delivered"}
    assert room.unsettled() == ()


def test_a_tick_before_its_moment_sends_nothing(room: Mailroom, office: PostOffice) -> None:
    room.now = W47.until + 6 * HOUR
    room.tick()
    assert ("2026-W47", TEAM) not in room.rows()
    room.now += 2 * HOUR
    room.tick()
    assert room.states()[TEAM] == "delivered"


def test_of_what_was_before_the_first_sweep_nothing_is_told(
    tmp_path: Path, office: PostOffice
) -> None:
    with closing(Mailroom(tmp_path, office.url).store) as store:
        fresh = Mailroom(tmp_path, office.url)
        fresh.swept(W47.until + 1)
        assert fresh.weekly() is None
        assert store.read("SELECT id FROM digests", {}) == []
        fresh.store.close()


def test_after_three_weeks_off_the_last_one_is_told_and_the_others_are_kept(
    room: Mailroom, office: PostOffice
) -> None:
    room.tick()
    room.now += 3 * WEEK
    room.tick()
    assert [one["title"][-8:] for one in office.arrived] == ["2026-W47", "2026-W50"]
    kept = room.store.read("SELECT since FROM digests ORDER BY since", {})
    assert [row["since"] for row in kept] == [W47.since + at * WEEK for at in range(4)]
    assert {at for at, _ in room.rows()} == {"2026-W47", "2026-W50"}


def test_a_clock_that_is_set_back_and_put_right_sends_nothing_again(
    room: Mailroom, office: PostOffice
) -> None:
    room.tick()
    room.now -= HOUR
    room.tick()
    room.now += 2 * HOUR
    room.tick()
    assert len([one for one in office.arrived if one["title"].endswith("W47")]) == 1


def test_a_refused_one_is_tried_again_until_it_is_taken_and_the_others_do_not_wait(
    room: Mailroom, office: PostOffice
) -> None:
    office.mood = Mood.REFUSES
    (said,) = room.tick()
    assert said.startswith("The digest of 2026-W47 did not reach notify.team: ")
    assert "error=500" in said
    assert "It is tried again from 2026-11-23T08:03:45+00:00 on." in said
    assert room.states() == {TEAM: "waiting", FILE: "delivered"}
    assert "did not reach notify.team" in room.unsettled()[0]
    assert room.tick() == (), "not before its time"
    room.now += HOUR
    assert len(room.tick()) == 1
    assert room.rows()["2026-W47", TEAM].attempts == 2
    office.mood = Mood.TAKES
    room.now += HOUR
    assert room.tick() == ()
    assert room.states()[TEAM] == "delivered"
    assert len(office.arrived) == 3
    assert room.unsettled() == ()


def test_one_whose_answer_is_lost_is_named_and_not_sent_again_by_itself(
    room: Mailroom, office: PostOffice
) -> None:
    office.mood = Mood.SAYS_NOTHING
    (said,) = room.tick()
    assert said.startswith("Whether the digest of 2026-W47 reached notify.team is not known: ")
    assert "`reviewer digest --week 2026-W47 --deliver --again notify.team`" in said
    office.mood = Mood.TAKES
    for _ in range(3):
        room.now += DAY
        assert room.tick() == ()
    assert len(office.arrived) == 1
    assert room.unsettled() == (said,)
    kept = digests.find(room.store, W47, "")
    assert kept is not None
    assert Outbox(room.store).again(kept.digest_id, TEAM, room.now)
    assert room.tick() == ()
    assert len(office.arrived) == 2
    assert room.states()[TEAM] == "delivered"


def test_a_newer_digest_takes_the_place_of_one_that_never_came(
    room: Mailroom, office: PostOffice
) -> None:
    office.mood = Mood.REFUSES
    room.tick()
    room.now += WEEK
    office.mood = Mood.TAKES
    done = room.weekly()
    assert done is not None
    assert done.dropped == 1
    room.tick()
    assert [one["title"][-8:] for one in office.arrived] == ["2026-W47", "2026-W48"]
    assert room.states()[TEAM] == "dropped"


def test_a_channel_that_is_gone_from_the_settings_is_dropped_and_said(room: Mailroom) -> None:
    room.mailing = Mailing(channels=("notify.former",))
    (said,) = room.tick()
    assert said == (
        "The digest of 2026-W47 did not reach notify.former: there is no such channel any more."
    )
    room.now += DAY
    assert room.tick() == ()


def test_a_channel_that_cannot_even_be_opened_waits_and_keeps_no_other_back(
    room: Mailroom, office: PostOffice
) -> None:
    def broken() -> Failing:
        raise ConfigurationError("The secret is not there.")

    room.more["notify.a"] = broken
    room.mailing = Mailing(channels=("notify.a", TEAM))
    (said,) = room.tick()
    assert "did not reach notify.a: The secret is not there." in said
    assert room.states() == {"notify.a": "waiting", TEAM: "delivered"}
    room.more["notify.a"] = Failing
    room.now += HOUR
    assert room.tick() == ()
    assert room.states()["notify.a"] == "delivered"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConfigurationError("The secret is not there."), "after it. The secret is not there."),
        (RuntimeError("canary"), "A defect of reviewer itself: RuntimeError at test_delivering.py"),
    ],
)
def test_what_was_being_sent_is_said_where_its_channel_cannot_be_opened_any_more(
    room: Mailroom, error: Exception, words: str
) -> None:
    def broken() -> Failing:
        raise error

    stopped = Failing(error=KeyboardInterrupt())  # type: ignore[arg-type]
    room.more["notify.a"] = lambda: stopped
    room.mailing = Mailing(channels=("notify.a", TEAM))
    with suppress(KeyboardInterrupt):
        room.tick()
    assert room.states() == {"notify.a": "sending", TEAM: "waiting"}
    (late,) = room.unsettled()
    assert late.startswith("The digest of 2026-W47 is being sent to notify.a, or the process ")
    room.more["notify.a"] = broken
    (said,) = room.tick()
    assert said.startswith(late)
    assert words in said
    assert "canary" not in said
    assert room.states() == {"notify.a": "sending", TEAM: "delivered"}
    room.more["notify.a"] = Failing
    (said,) = room.tick()
    assert "it may have arrived. Look there" in said


def test_one_that_is_unsure_without_a_reason_is_named_all_the_same(room: Mailroom) -> None:
    room.tick()
    with room.store.transaction():
        room.store.db.execute("UPDATE deliveries SET state = 'unsure', error = ''")
    assert len(room.unsettled()) == 2


def test_what_fails_before_anything_is_out_is_tried_again(
    room: Mailroom, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: str) -> str:
        raise OSError("canary")

    monkeypatch.setattr(mailroom, "masked_text", full)
    said = room.tick()
    assert len(said) == 2
    assert all("OSError" in one and "It is tried again" in one for one in said)
    assert "canary" not in str(said)
    assert set(room.states().values()) == {"waiting"}
    monkeypatch.undo()
    room.now += HOUR
    assert room.tick() == ()
    assert len(office.arrived) == 1


def test_a_defect_in_a_channel_is_named_without_its_words_and_is_not_repeated(
    room: Mailroom,
) -> None:
    odd = Failing(error=RuntimeError("with canary-token-in-it-44"))
    room.more["notify.odd"] = lambda: odd
    room.mailing = Mailing(channels=("notify.odd",))
    (said,) = room.tick()
    assert "RuntimeError at mailroom.py" in said
    assert "canary" not in said
    room.now += WEEK - DAY
    room.tick()
    assert odd.asked == ["2026-W47"]


def test_an_older_digest_never_takes_the_place_of_a_newer_one(room: Mailroom) -> None:
    newest = Failing(name="digest.central_issue", is_repeatable=True, keeps_newest=True)
    room.more[newest.name] = lambda: newest
    room.mailing = Mailing(channels=(newest.name,))
    room.tick()
    room.queue(week("2026-W46", ZONE))
    (said,) = room.tick()
    assert "2026-W46 did not reach digest.central_issue: a newer digest took its place." in said
    assert newest.asked == ["2026-W47"]


def test_what_is_delivered_is_what_was_kept_whatever_is_known_by_then(
    room: Mailroom, office: PostOffice
) -> None:
    office.mood = Mood.REFUSES
    room.tick()

    def other(span: Span, scope: str) -> Digest:
        return replace(sample(span, scope), headline=("Something else.",))

    room.make = other
    office.mood = Mood.TAKES
    room.now += HOUR
    room.tick()
    first, second = (one["message"] for one in office.arrived)
    assert first == second


def test_a_time_that_is_not_final_is_neither_kept_nor_told(
    room: Mailroom, office: PostOffice
) -> None:
    def running(span: Span, scope: str) -> Digest:
        made = sample(span, scope)
        return replace(made, period=replace(made.period, is_final=False))

    room.make = running
    done = room.weekly()
    assert done is not None
    assert done.digest_ids == ()
    assert room.rows() == {}
    room.make = sample
    room.tick()
    assert len(office.arrived) == 1


def test_titles_stay_on_this_machine_and_secrets_stay_at_home(
    room: Mailroom, office: PostOffice
) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4xY7zA0cD3fG6"

    def telling(span: Span, scope: str) -> Digest:
        made = sample(span, scope)
        near = replace(made.nearly_missed[0], title=f"Prints {token} at the start")
        return replace(made, nearly_missed=(near,))

    room.make = telling
    assert room.tick() == ()
    assert "at the start" in room.file.read_text()
    assert token not in room.file.read_text()
    assert "at the start" not in str(office.arrived)


def test_one_of_our_own_secrets_stops_it_and_is_said(
    room: Mailroom, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "canary-own-secret-Zq81LmT"

    def telling(span: Span, scope: str) -> Digest:
        return replace(sample(span, scope), headline=(f"It is {secret}.",))

    room.make = telling
    SECRETS.add(secret)
    said = room.tick()
    assert len(said) == 2
    assert all("secret in output" in one for one in said)
    assert (office.arrived, room.file.exists()) == ([], False)


def test_each_repository_gets_its_own_once(room: Mailroom) -> None:
    own = Failing(name="digest.repository_issues", is_repeatable=True, keeps_newest=True)
    room.more[own.name] = lambda: own
    room.mailing = Mailing(channels=(), own=own.name, host="github.com")
    for repo, host in (("acme/shop", "github.com"), ("acme/web", "github.com"), ("/x", "local")):
        _told(room, repo, host)
    room.tick()
    room.tick()
    assert own.asked == ["2026-W47"] * 2
    assert {at for at, _ in room.rows()} == {"acme/shop", "acme/web"}


def _told(room: Mailroom, repo: str, host: str) -> None:
    columns = room.store.db.execute("PRAGMA table_info(told)").fetchall()
    row = {one["name"]: 0 if one["type"] != "TEXT" else "x" for one in columns if one["notnull"]}
    row |= {"told_at": W47.since + 1, "repo": repo, "host": host, "form": "review"}
    room.store.db.execute("PRAGMA foreign_keys = OFF")
    with room.store.transaction():
        room.store.insert("told", row)


def test_an_idle_tick_reads_two_entries_of_indexes_and_writes_nothing(room: Mailroom) -> None:
    room.tick()
    plans = []
    before = (room.root / "ledger.db").read_bytes()

    def explain(statement: str) -> None:
        if statement.lstrip().startswith("SELECT"):
            plans.append(statement)

    room.store.db.set_trace_callback(explain)
    room.tick()
    room.store.db.set_trace_callback(None)
    said = [
        row["detail"]
        for one in plans
        for row in room.store.db.execute(f"EXPLAIN QUERY PLAN {one}").fetchall()
    ]
    assert len(plans) == 2
    assert not [one for one in said if "SCAN" in one and "USING" not in one]
    assert (room.root / "ledger.db").read_bytes() == before


def test_a_sweep_that_is_stopped_while_it_sends_leaves_it_to_the_next(room: Mailroom) -> None:
    stopped = Failing(error=None)
    room.more["notify.odd"] = lambda: stopped
    room.mailing = Mailing(channels=("notify.odd",))
    stopped.error = KeyboardInterrupt()  # type: ignore[assignment]
    with suppress(KeyboardInterrupt):
        room.tick()
    assert room.states() == {"notify.odd": "sending"}
    stopped.error = HostUnavailable("never asked")
    (said,) = room.tick()
    assert "the process that sent it died; it may have arrived" in said
    assert stopped.asked == ["2026-W47"]


@pytest.mark.parametrize(
    "numbers", ["{}", to_json(replace(sample(W47, ""), schema="reviewer-digest/9"))]
)
def test_what_another_version_kept_waits_and_is_said_and_so_is_a_zone_that_is_gone(
    room: Mailroom, office: PostOffice, numbers: str
) -> None:
    room.queue()
    with room.store.transaction():
        row = {"numbers": numbers, "zone": "Mars/Olympus"}
        room.store.db.execute("UPDATE digests SET numbers = :numbers, zone = :zone", row)
    said = room.tick()
    assert len(said) == 2
    assert all("of 2026-W47 " in one and "another version of reviewer" in one for one in said)
    assert set(room.states().values()) == {"waiting"}
    assert len(room.unsettled()) == 2
    assert office.arrived == []
