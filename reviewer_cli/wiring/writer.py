"""Who writes the paragraph of a digest, by the settings."""

from __future__ import annotations

from reviewer_cli.config.settings import Settings
from reviewer_cli.jail.choose import jail_called
from reviewer_cli.ports.writer import Writer
from reviewer_cli.wiring.places import Places


def writer(settings: Settings, where: Places) -> Writer | None:
    """The model that reviews, as a writer; None where no model does.

    A paragraph costs no more than one review may. Raises as the key that the settings name does.
    """
    if settings.engine.name != "agent":
        return None
    from reviewer_cli.engines.agent_words import MAX_USD, AgentWriter
    from reviewer_cli.wiring.engines import agent_settings

    most = min(MAX_USD, settings.engine.max_usd)
    jail = jail_called(settings.sandbox)
    return AgentWriter(agent_settings(settings, where), jail, max_usd=most)
