"""What is part of the security boundary is pinned, and which program reviewed can be found out."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

from reviewer_cli.engines.agent_options import agent_environment
from reviewer_cli.engines.agent_program import VERBATIM_SINCE, agent_program, prove
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ports.jail import Cell

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
EVERY = [*RUNTIME, *(one for several in EXTRAS.values() for one in several)]

pytestmark = pytest.mark.threat("T36", layer="packaging")


def test_the_agent_s_program_is_pinned_to_the_release_that_was_tried() -> None:
    """Its command line is a promise of nobody's; a newer one has to be tried as this one was."""
    (pin,) = [one for one in RUNTIME if one.startswith("claude-agent-sdk")]
    assert re.fullmatch(r"claude-agent-sdk==\d+(\.\d+)+", pin)
    assert version("claude-agent-sdk") == pin.partition("==")[2], "another one is installed here"


def test_no_dependency_comes_from_an_address_or_without_a_floor() -> None:
    for one in EVERY:
        assert "@" not in one, f"{one} is fetched from an address"
        assert "://" not in one
    for one in RUNTIME:
        bounded = re.search(r"==|>=.*,<\d", one)
        assert bounded or one == "certifi", f"{one} may become anything"


def test_nothing_is_fetched_while_the_package_is_built() -> None:
    """No build step of our own, and one build tool."""
    assert [one.partition(">")[0] for one in PROJECT["build-system"]["requires"]] == ["hatchling"]
    hatch = PROJECT["tool"]["hatch"]
    assert "hooks" not in str(hatch)
    assert "scripts" not in hatch.get("envs", {})


def test_the_program_in_use_is_the_one_inside_the_pinned_package(tmp_path: Path) -> None:
    """Not one that happens to be in the PATH. What it says of itself is what doctor shows."""
    from claude_agent_sdk import _cli_version

    program = agent_program(None)
    assert program.parts[-3:] == ("claude_agent_sdk", "_bundled", "claude")
    tmp_path.chmod(0o700)
    cell = Cell(private=tmp_path, variables=frozenset(agent_environment(tmp_path, {})))
    said = prove(program, Launcher(), cell)
    assert said == _cli_version.__cli_version__
    assert tuple(map(int, said.split("."))) >= VERBATIM_SINCE


def test_what_the_package_reads_beside_its_code_is_shipped_with_it() -> None:
    """The wheel takes all of the package's directory, and nothing is left out of it by a rule."""
    from importlib.resources import files

    templates = files("reviewer_cli").joinpath("render/templates")
    assert {one.name for one in templates.iterdir()} == {"digest.css", "digest.html.j2"}
    assert PROJECT["tool"]["hatch"]["build"]["targets"] == {"wheel": {"packages": ["reviewer_cli"]}}
    ignored = (Path(__file__).parents[1] / ".gitignore").read_text(encoding="utf-8")
    assert not {"*.css", "*.j2", "*.md", "templates"} & set(ignored.split())
