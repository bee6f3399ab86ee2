"""Which engines there are, and how settings become one."""

from __future__ import annotations

from collections.abc import Callable

from reviewer_cli.config.settings import Settings
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports import Engine
from reviewer_cli.wiring.places import Places


def _offline(settings: Settings, where: Places) -> Engine:
    return OfflineEngine()


def _agent(settings: Settings, where: Places) -> Engine:
    engine = settings.engine
    return AgentEngine(
        AgentSettings(model=engine.model, max_turns=engine.max_turns, scratch=where.scratch),
        Launcher(),
    )


ENGINES: dict[str, Callable[[Settings, Places], Engine]] = {"agent": _agent, "offline": _offline}


def engine(name: str, settings: Settings, where: Places) -> Engine:
    """The engine of that name."""
    return ENGINES[name](settings, where)
