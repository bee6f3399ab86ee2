"""The batch alone: kept full, never over its size, and nothing of it left running at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from reviewer_cli.sweep.batch import Batch
from reviewer_cli.sweep.stopping import Stopping

Stage = Callable[[int], Awaitable[object]]


class Stopped(Exception):
    """What concerns every head."""


async def at_once(_: int) -> None:
    await asyncio.sleep(0)


async def for_ever(_: int) -> None:
    await asyncio.Event().wait()


@dataclass
class Works:
    """A batch whose stages do what a test says and note who was where at which moment."""

    size: int
    prepare: Stage = at_once
    review: Stage = at_once
    publish: Stage = at_once
    with_nothing_to_post: frozenset[int] = frozenset()
    rest: Stage = at_once
    with_a_rest: frozenset[int] = frozenset()
    rested: set[int] = field(default_factory=set)
    stages: dict[str, list[int]] = field(
        default_factory=lambda: {
            name: []
            for name in (
                "prepared",
                "reviewed",
                "published",
                "abandoned",
                "given back",
                "cancelled",
            )
        }
    )
    inside: dict[str, set[int]] = field(
        default_factory=lambda: {"prepare": set(), "review": set(), "publish": set()}
    )
    most: dict[str, int] = field(default_factory=dict)
    most_ready: int = 0
    started: list[int] = field(default_factory=list)
    stopping: Stopping = field(default_factory=Stopping)

    async def _in(self, stage: str, head_id: int, work: Stage) -> None:
        self.inside[stage].add(head_id)
        self.most[stage] = max(self.most.get(stage, 0), len(self.inside[stage]))
        try:
            await work(head_id)
        except asyncio.CancelledError:
            self.stages["cancelled"].append(head_id)
            raise
        finally:
            self.inside[stage].discard(head_id)

    async def _prepare(self, head_id: int) -> str:
        await self._in("prepare", head_id, self.prepare)
        self.stages["prepared"].append(head_id)
        return f"ready {head_id}"

    async def _review(self, ready: str) -> int | None:
        head_id = int(ready.removeprefix("ready "))
        taken = len(self.stages["reviewed"]) + len(self.inside["review"]) + 1
        self.most_ready = max(self.most_ready, len(self.stages["prepared"]) - taken)
        await self._in("review", head_id, self.review)
        self.stages["reviewed"].append(head_id)
        return None if head_id in self.with_nothing_to_post else head_id

    async def _publish(self, head_id: int) -> int | None:
        await self._in("publish", head_id, self.publish)
        if head_id in self.with_a_rest and head_id not in self.rested:
            return head_id
        self.stages["published"].append(head_id)
        return None

    async def _rest(self, head_id: int) -> None:
        await self.rest(head_id)
        self.rested.add(head_id)

    async def run(self, heads: int) -> None:
        batch: Batch[str, int] = Batch(
            self.size,
            self.stopping,
            prepare=self._prepare,
            review=self._review,
            publish=self._publish,
            rest=self._rest,
            abandon=lambda ready: self.stages["abandoned"].append(int(ready.split()[1])),
            give_back=self.stages["given back"].append,
        )
        try:
            await batch.run(range(heads))
        finally:
            running = [str(task.get_coro()) for task in asyncio.all_tasks()]
            assert not [coroutine for coroutine in running if "Batch." in coroutine]
            assert not any(self.inside.values()), "something still runs"

    def account(self) -> None:
        """Whatever was prepared is reviewed or taken back; whatever was reviewed likewise."""
        stages = self.stages
        ready = sorted(stages["prepared"])
        touched = {*stages["reviewed"], *stages["abandoned"], *stages["cancelled"], *self.failed}
        assert set(ready) <= touched
        assert len(stages["abandoned"]) == len(set(stages["abandoned"]))
        saved = [one for one in stages["reviewed"] if one not in self.with_nothing_to_post]
        ended = {*stages["published"], *stages["given back"], *stages["cancelled"], *self.failed}
        assert set(saved) <= ended

    failed: frozenset[int] = frozenset()


def failing_at(*heads: int, others: Stage = at_once) -> Stage:
    async def stage(head_id: int) -> None:
        if head_id in heads:
            raise Stopped(head_id)
        await others(head_id)

    return stage


@pytest.mark.parametrize("size", [1, 2, 3, 8])
@pytest.mark.parametrize("heads", [0, 1, 2, 7, 40])
def test_every_head_comes_through_and_the_size_holds(size: int, heads: int) -> None:
    works = Works(size)
    asyncio.run(works.run(heads))
    assert sorted(works.stages["published"]) == list(range(heads))
    assert works.most.get("review", 0) <= size
    assert works.most.get("publish", 0) <= 1
    assert works.most.get("prepare", 0) <= size
    assert works.most_ready <= size + 1, "preparing runs ahead by about one batch"
    assert works.stages["abandoned"] == works.stages["given back"] == []


def test_preparing_does_not_run_ahead_without_end() -> None:
    """What is prepared holds a checkout on the disk."""

    async def story() -> Works:
        works = Works(3, review=for_ever)
        running = asyncio.create_task(works.run(50))
        await asyncio.sleep(0.05)
        assert len(works.stages["prepared"]) == 3 + 3 + 1
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return works

    works = asyncio.run(story())
    assert sorted(works.stages["cancelled"] + works.stages["abandoned"]) == list(range(7))


def test_a_slow_head_holds_up_nobody() -> None:
    async def review(head_id: int) -> None:
        while head_id == 0 and len(works.stages["published"]) < 19:
            await asyncio.sleep(0.001)

    works = Works(2, review=review)
    asyncio.run(asyncio.wait_for(works.run(20), 5))
    assert works.stages["published"][-1] == 0


def test_the_batch_is_full_as_long_as_there_is_work() -> None:
    waiting: list[int] = []

    async def review(head_id: int) -> None:
        for _ in range(3 + head_id % 4):
            await asyncio.sleep(0.002)
            waiting.append(len(works.inside["review"]))

    works = Works(4, review=review)
    asyncio.run(works.run(60))
    assert sum(one == 4 for one in waiting) > 0.9 * len(waiting)


def test_a_head_with_nothing_to_post_makes_room_for_the_next() -> None:
    works = Works(1, with_nothing_to_post=frozenset({0, 2}))
    asyncio.run(works.run(4))
    assert works.stages["published"] == [1, 3]


@pytest.mark.parametrize("at", [0, 5, 19])
@pytest.mark.parametrize("size", [1, 3])
def test_an_error_in_preparing_stops_the_reviews_and_posts_what_is_saved(
    at: int, size: int
) -> None:
    works = Works(size, prepare=failing_at(at), failed=frozenset({at}))
    with pytest.raises(Stopped):
        asyncio.run(works.run(20))
    assert sorted(works.stages["published"]) == sorted(works.stages["reviewed"])
    works.account()


@pytest.mark.parametrize("at", [0, 5, 19])
@pytest.mark.parametrize("size", [1, 3])
def test_an_error_in_a_review_starts_no_other_and_posts_what_is_saved(at: int, size: int) -> None:
    started_after: list[int] = []

    async def review(head_id: int) -> None:
        if works.failed:
            started_after.append(head_id)
        if head_id == at:
            works.failed = frozenset({at})
            raise Stopped
        await asyncio.sleep(0.001)

    works = Works(size, review=review)
    with pytest.raises(Stopped):
        asyncio.run(works.run(20))
    assert started_after == []
    assert sorted(works.stages["published"]) == sorted(works.stages["reviewed"])
    assert works.stages["given back"] == []
    works.account()


def test_a_review_that_ends_at_the_very_moment_of_an_error_starts_no_other() -> None:
    together = asyncio.Event()

    async def review(head_id: int) -> None:
        if len(works.inside["review"]) == 2:
            asyncio.get_running_loop().call_later(0.01, together.set)
        number = len(works.started)
        works.started.append(head_id)
        await together.wait()
        if number == 0:
            raise Stopped

    works = Works(2, review=review)
    with pytest.raises(Stopped):
        asyncio.run(works.run(9))
    assert len(works.started) == 2


@pytest.mark.parametrize("at", [0, 5])
@pytest.mark.parametrize("size", [1, 3])
def test_an_error_in_posting_gives_back_what_is_saved(at: int, size: int) -> None:
    works = Works(size, publish=failing_at(at), failed=frozenset({at}))
    with pytest.raises(Stopped):
        asyncio.run(works.run(20))
    assert at not in works.stages["published"]
    works.account()


def test_reviews_that_wait_for_a_slow_posting_are_given_back_when_it_fails() -> None:
    async def publish(head_id: int) -> None:
        await asyncio.sleep(0.02)
        raise Stopped

    works = Works(4, publish=publish, failed=frozenset({0}))
    with pytest.raises(Stopped):
        asyncio.run(works.run(4))
    assert works.stages["given back"] == [1, 2, 3]


def test_of_two_errors_the_first_is_raised_and_the_other_makes_no_noise(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def publish(_: int) -> None:
        await asyncio.sleep(0.01)
        raise KeyError

    works = Works(1, review=failing_at(1), publish=publish)
    with pytest.raises(Stopped):
        asyncio.run(works.run(3))
    assert caplog.records == []


@pytest.mark.parametrize("stage", ["prepare", "review", "publish"])
@pytest.mark.parametrize("size", [1, 4])
def test_a_cancellation_ends_everything_at_once(stage: str, size: int) -> None:
    works = Works(size, **{stage: for_ever})

    async def story() -> float:
        running = asyncio.create_task(works.run(20))
        await asyncio.sleep(0.03)
        running.cancel()
        loop = asyncio.get_running_loop()
        before = loop.time()
        with pytest.raises(asyncio.CancelledError):
            await running
        return loop.time() - before

    assert asyncio.run(story()) < 0.5
    works.account()
    if stage == "publish":
        assert len(works.stages["given back"]) == 19
        assert works.stages["cancelled"] == [0]


def test_a_review_that_cleans_up_slowly_is_waited_for() -> None:
    cleaned: list[int] = []

    async def review(head_id: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            cleaned.append(head_id)

    async def story() -> None:
        running = asyncio.create_task(Works(3, review=review).run(5))
        await asyncio.sleep(0.02)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert len(cleaned) == 3

    asyncio.run(story())


@pytest.mark.parametrize("size", [1, 3])
def test_what_rests_keeps_nobody_back_and_is_published_after_its_rest(size: int) -> None:
    others_are_published = asyncio.Event()

    async def rest(_: int) -> None:
        await others_are_published.wait()

    works = Works(size, rest=rest, with_a_rest=frozenset({0, 2, 4}))

    async def story() -> None:
        running = asyncio.create_task(works.run(6))
        while len(works.stages["published"]) < 3:
            await asyncio.sleep(0)
        others_are_published.set()
        await running

    asyncio.run(asyncio.wait_for(story(), 5.0))
    published = works.stages["published"]
    assert (set(published[:3]), set(published[3:])) == ({1, 3, 5}, {0, 2, 4})
    assert works.most["publish"] == 1
    assert works.stages["given back"] == []


def test_what_rests_is_given_back_when_the_sweep_shall_end() -> None:
    """Whether it rested before or would have begun to: a later sweep posts it."""
    works = Works(2, rest=for_ever, with_a_rest=frozenset(range(4)))

    async def story() -> None:
        running = asyncio.create_task(works.run(4))
        with works.stopping.in_work():
            while not works.stages["reviewed"]:
                await asyncio.sleep(0)
            await asyncio.sleep(0.01)
            works.stopping.ask(30.0)
            await running

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(asyncio.wait_for(story(), 5.0))
    assert sorted(works.stages["given back"]) == sorted(works.stages["reviewed"])
    assert works.stages["published"] == []


def test_an_error_in_posting_gives_back_what_rests() -> None:
    works = Works(
        2,
        publish=failing_at(3),
        rest=for_ever,
        with_a_rest=frozenset({0, 1, 2}),
        failed=frozenset({3}),
    )
    with pytest.raises(Stopped):
        asyncio.run(works.run(4))
    assert sorted(works.stages["given back"]) == [0, 1, 2]


@pytest.mark.parametrize("moment", range(0, 40, 1))
def test_whenever_it_is_stopped_nothing_is_forgotten(moment: int) -> None:
    """A stop after each number of turns of the loop: all that was begun is accounted for."""

    async def turns(head_id: int) -> None:
        for _ in range(head_id % 3):
            await asyncio.sleep(0)

    works = Works(
        2,
        prepare=turns,
        review=turns,
        publish=turns,
        rest=turns,
        with_a_rest=frozenset({1, 2, 4}),
    )

    async def story() -> None:
        running = asyncio.create_task(works.run(6))
        for _ in range(moment):
            await asyncio.sleep(0)
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(story())
    works.account()
