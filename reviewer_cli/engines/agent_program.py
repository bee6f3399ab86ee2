"""The agent program: where it is, and the proof that it knows what confines it."""

from __future__ import annotations

import os
import re
from importlib.util import find_spec
from pathlib import Path

from reviewer_cli.engines.agent_options import FLAGS
from reviewer_cli.errors import ConfigurationError
from reviewer_cli.ports.jail import Cell, Jail

# Those of our options that confine it and that its help lists; all but the first two are the SDK's.
NEEDED = (
    *(*FLAGS, "permission-mode", "setting-sources", "settings", "strict-mcp-config"),
    *("tools", "json-schema", "max-budget-usd"),
)
# From this release on it takes a prompt as it stands when it is asked to; there is no flag to see.
VERBATIM_SINCE = (2, 1, 248)


def agent_program(chosen: Path | None) -> Path:
    """The program that was chosen or the one inside the SDK, found without importing the SDK.

    Raises ConfigurationError when it is missing or no program.
    """
    program = chosen
    if program is None:
        package = find_spec("claude_agent_sdk")
        origin = package.origin if package else None
        program = Path(origin or "claude_agent_sdk").parent / "_bundled" / "claude"
    if not os.access(program, os.X_OK):
        raise ConfigurationError(
            f"The agent program {program} is missing; reinstall claude-agent-sdk from its "
            "wheel for this platform, or use --engine offline."
        )
    return program


def prove(program: Path, jail: Jail, cell: Cell) -> str:
    """Ask the program, in its jail, what it knows (0.3 s in all), and return its version.

    Raises ConfigurationError when it lacks a flag that keeps it inside the checkout, or is older
    than verbatim prompts.
    """
    known = set(re.findall(r"--([a-z-]+)", jail.ask(program, cell, "--help")))
    for flag in NEEDED:
        if flag not in known:
            raise _unfit(program, f"does not know --{flag}")
    said = re.match(r"(\d+)\.(\d+)\.(\d+)", jail.ask(program, cell, "--version"))
    if said is None or tuple(map(int, said.groups())) < VERBATIM_SINCE:
        raise _unfit(program, "is too old to take prompts verbatim")
    return said[0]


def _unfit(program: Path, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"{program} {what}, which keeps it inside the checkout; "
        "install the release of claude-agent-sdk that this package names."
    )
