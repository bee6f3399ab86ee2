"""The agent as a writer: the real agent program, and a model that answers from a script."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reviewer_cli.config.settings import Settings
from reviewer_cli.contract import digest_instructions
from reviewer_cli.core.digest import Words
from reviewer_cli.core.worded import numbers_of
from reviewer_cli.engines import agent_words
from reviewer_cli.engines.agent import AgentSettings
from reviewer_cli.engines.agent_words import AgentWriter
from reviewer_cli.errors import (
    AccessRefused,
    BudgetReached,
    ConfigurationError,
    ProviderUnavailable,
    ReviewerError,
    ReviewTimeout,
    TurnsUsedUp,
)
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.jail import Jail
from reviewer_cli.ports.writer import Draft, Writer
from reviewer_cli.wiring.places import Places
from reviewer_cli.wiring.writer import writer
from tests.engines.agent_room import KEY, Room
from tests.fakes.scripted_model import (
    Fail,
    Hang,
    Say,
    ScriptedModel,
    Step,
    Tokens,
    answer,
    call,
)
from tests.render.digest_samples import FULL

TEXT = "Acceptance fell from 61 % to 48 %."
NO_RETRY = {"x-should-retry": "false"}


def made(room: Room, model: ScriptedModel, jail: Jail | None = None, **limits: float) -> Writer:
    settings = AgentSettings(
        model="claude-sonnet-5",
        max_turns=60,
        scratch=room.scratch,
        environment=model.environment(KEY),
    )
    return AgentWriter(settings, jail or Launcher(), **limits)


def written(of: Writer) -> Draft:
    return asyncio.run(of.write(numbers_of(FULL)))


def test_it_brings_back_the_paragraph_who_wrote_it_and_what_it_cost(room: Room) -> None:
    tokens = Tokens(input=3000, output=120)
    with ScriptedModel([answer({"paragraph": TEXT}, tokens=tokens)]) as model:
        draft = written(made(room, model))
    assert draft.words == Words(text=TEXT, model="claude-sonnet-5")
    assert (draft.usage.input_tokens, draft.usage.output_tokens) == (3000, 120)
    assert draft.usage.usd > 0
    assert list(room.scratch.iterdir()) == []


def test_the_model_is_asked_once_with_the_numbers_and_no_tool(room: Room) -> None:
    with ScriptedModel([answer({"paragraph": TEXT})]) as model:
        written(made(room, model))
    (request,) = model.requests
    assert [tool["name"] for tool in request.body["tools"]] == ["StructuredOutput"]
    assert request.user_text().strip() == numbers_of(FULL)
    assert digest_instructions().strip() in str(request.body["system"][-1]["text"])
    assert "acme" not in request.raw.decode()


OUTCOMES: dict[str, tuple[Step, type[ReviewerError]]] = {
    "a tool that it does not have": (call("Read", file_path="/etc/passwd"), TurnsUsedUp),
    "words beside the answer": (Say(text=TEXT), TurnsUsedUp),
    "another shape": (answer({"paragraph": ["a"]}), TurnsUsedUp),
    "401": (Fail(status=401, type="authentication_error"), AccessRefused),
    "overload": (Fail(status=529, type="overloaded_error", headers=NO_RETRY), ProviderUnavailable),
}


@pytest.mark.parametrize(("step", "kind"), OUTCOMES.values(), ids=OUTCOMES)
def test_a_failure_is_named_and_nothing_is_asked_again(
    room: Room, step: Step, kind: type[ReviewerError]
) -> None:
    with ScriptedModel([step]) as model, pytest.raises(kind) as raised:
        written(made(room, model))
    assert type(raised.value) is kind
    assert len(model.requests) == 1
    assert list(room.scratch.iterdir()) == []


def test_it_costs_no_more_than_it_may(room: Room) -> None:
    tokens = Tokens(input=1_000_000, output=100)
    with (
        ScriptedModel([answer({"paragraph": TEXT}, tokens=tokens)]) as model,
        pytest.raises(BudgetReached),
    ):
        written(made(room, model, max_usd=0.001))


def test_it_does_not_wait_for_ever(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_words, "DEADLINE_S", 2.0)
    with ScriptedModel([Hang()]) as model, pytest.raises(ReviewTimeout, match="than 2 s"):
        written(made(room, model))
    assert list(room.scratch.iterdir()) == []


class Broken(Launcher):
    """A jail that lets something out."""

    def check(self) -> None:
        raise ConfigurationError("The jail leaks.")


def test_nothing_is_asked_where_the_jail_does_not_hold(room: Room) -> None:
    with (
        ScriptedModel([answer({"paragraph": TEXT})]) as model,
        pytest.raises(ConfigurationError, match="leaks"),
    ):
        written(made(room, model, jail=Broken()))
    assert model.requests == []


def test_the_settings_make_a_writer_that_is_held_as_reviews_are(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = Places(state=tmp_path / "state", cache=tmp_path / "cache")
    with ScriptedModel([answer({"paragraph": TEXT})]) as model:
        for name, value in model.environment(KEY).items():
            monkeypatch.setenv(name, value)
        found = writer(Settings(), where)
        assert found is not None
        draft = written(found)
    assert draft.words.text == TEXT
    assert len(model.requests) == 1


def test_nobody_writes_where_no_model_reviews(tmp_path: Path) -> None:
    settings = Settings()
    offline = settings.model_copy(
        update={"engine": settings.engine.model_copy(update={"name": "offline"})}
    )
    assert writer(offline, Places(state=tmp_path, cache=tmp_path)) is None
