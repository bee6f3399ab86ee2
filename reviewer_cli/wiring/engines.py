"""Which engines there are, and how settings become one."""

from __future__ import annotations

import os
from collections.abc import Callable

from reviewer_cli.config.secrets import resolve
from reviewer_cli.config.settings import Settings
from reviewer_cli.engines.agent import AgentEngine, AgentSettings
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.ports.engine import Engine
from reviewer_cli.ports.jail import Jail
from reviewer_cli.wiring.places import Places


def _offline(settings: Settings, where: Places, jail: Jail) -> Engine:
    return OfflineEngine(jail, where.scratch)


def _agent(settings: Settings, where: Places, jail: Jail) -> Engine:
    return AgentEngine(agent_settings(settings, where), jail)


def agent_settings(settings: Settings, where: Places) -> AgentSettings:
    """How the agent reaches its model; raises as the key that the settings name does."""
    engine = settings.engine
    return AgentSettings(
        model=engine.model,
        max_turns=engine.max_turns,
        scratch=where.scratch,
        key=resolve(engine.key, os.environ).reveal() if engine.key else "",
        base_url=engine.base_url or "",
    )


ENGINES: dict[str, Callable[[Settings, Places, Jail], Engine]] = {
    "agent": _agent,
    "offline": _offline,
}


def engine(name: str, settings: Settings, where: Places, jail: Jail) -> Engine:
    """The engine of that name, whose programs start in the jail."""
    return ENGINES[name](settings, where, jail)
