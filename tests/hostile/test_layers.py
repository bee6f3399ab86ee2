"""A hijacked model in a hostile checkout, held by one layer of defence at a time, then by all.

Each test is one conversation of the real agent program. What was got at is judged from outside:
by what the model was sent, what arrived at listeners, and what changed.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from reviewer_cli.jail.walled import Walled
from tests.fakes.scripted_model import Request, Say, ScriptedModel, call, together
from tests.hostile import calls, shell, tree
from tests.hostile.layers import (
    NOTHING,
    Change,
    Hijacked,
    Post,
    as_it_is,
    change_options,
    every_tool,
    only_restricted,
    only_tools,
    results,
    take_the_proxy_away,
    wide_open,
)
from tests.hostile.outside import PLACES, Outside, state_of
from tests.jail.room import running, wait_until

LINKS, PROCESSES, TOOLS = calls.LINKS, calls.PROCESSES, calls.TOOLS
COMMANDS, DEFACING = shell.COMMANDS, calls.DEFACING
BUILDS, SETTINGS = tree.BUILDS, tree.SETTINGS
GONE_WITHIN_S = 1.0
"""After its review nothing of a program may run for longer."""


@dataclass(kw_only=True)
class Attack:
    """A conversation in which the model tries its calls; `log` is what our own code logs."""

    post: Post
    outside: Outside
    log: pytest.LogCaptureFixture
    requests: Sequence[Request] = ()

    def run(self, change: Change, tried: Sequence[Say]) -> list[str]:
        """What was reached; that each call was answered is asserted."""
        secret = self.outside.secret
        stray = [
            call("Read", file_path=str(secret)),
            call("Bash", command=f"cat {secret}", description="x"),
        ]
        with ScriptedModel(Hijacked(tried, stray=together(stray))) as model:
            change_options(self.post.patch, change, self.post.stderr)
            reply = self.post.review(model)
        self.requests = model.requests
        assert reply.data == NOTHING
        assert len(results(model)) >= len(tried)
        assert list(self.post.scratch.iterdir()) == []
        assert wait_until(lambda: running(shell.STAYS) == [], within_s=GONE_WITHIN_S)
        said = "\n".join((repr(reply), *self.post.stderr, self.log.text))
        return self.outside.reached(*(one.raw for one in self.requests), said.encode())

    def everything(self) -> list[Say]:
        """Every call that leads out of the checkout, those of a shell last."""
        ground = self.outside.ground(self.post.checkout)
        return [
            *calls.link_calls(ground),
            *calls.process_calls(ground),
            *calls.path_calls(ground),
            *calls.other_calls(ground),
            *calls.changing_calls(ground),
            *shell.shell_calls(ground),
        ]

    def defacing(self) -> list[Say]:
        """Every call that changes the checkout."""
        return calls.defacing_calls(self.outside.ground(self.post.checkout))

    def knows(self, word: str) -> bool:
        """Whether the model was told this word by anything but a tool that it asked."""
        return word.encode() in self.requests[0].raw


@pytest.fixture
def attack(post: Post, outside: Outside, caplog: pytest.LogCaptureFixture) -> Attack:
    caplog.set_level("DEBUG")
    return Attack(post=post, outside=outside, log=caplog)


@pytest.mark.threat("T1", layer="tools", tries=BUILDS)
@pytest.mark.threat("T2", layer="tools", tries=SETTINGS)
@pytest.mark.threat("T8", layer="tools", tries=LINKS)
@pytest.mark.threat("T11", layer="tools", tries=TOOLS + COMMANDS + DEFACING)
@pytest.mark.threat("T13", layer="tools", tries=PROCESSES)
def test_the_list_of_tools_holds_alone(attack: Attack) -> None:
    """Three reading tools, nobody who is asked for more, and no settings of the repository."""
    take_the_proxy_away(attack.post.patch)
    before = state_of(attack.post.checkout)
    assert attack.run(only_tools, [*attack.everything(), *attack.defacing()]) == []
    assert state_of(attack.post.checkout) == before
    assert not attack.knows(tree.ORDER)
    assert not attack.knows(tree.HOOK_RAN)


@pytest.mark.threat("T1", layer="restricted", tries=BUILDS)
@pytest.mark.threat("T2", layer="restricted", tries=SETTINGS)
@pytest.mark.threat("T8", layer="restricted", tries=LINKS)
@pytest.mark.threat("T11", layer="restricted", tries=TOOLS + COMMANDS)
@pytest.mark.threat("T13", layer="restricted", tries=PROCESSES)
def test_the_programs_own_switch_holds_alone(attack: Attack) -> None:
    """With every tool allowed and all settings asked for; the checkout itself may be written to."""
    take_the_proxy_away(attack.post.patch)
    assert attack.run(only_restricted, attack.everything()) == []
    assert not attack.knows(tree.HOOK_RAN)


def held_by_walls(attack: Attack, jail: Walled) -> None:
    attack.post.jail = jail
    # Its key helper would end the conversation at once.
    (attack.post.checkout / ".claude" / "settings.local.json").unlink()
    before = state_of(attack.post.checkout)
    assert attack.run(wide_open, [*attack.everything(), *attack.defacing()]) == []
    assert state_of(attack.post.checkout) == before
    assert attack.knows(tree.HOOK_RAN), "the traps are armed: its hooks ran behind the walls"
    offered = {tool["name"] for one in attack.requests for tool in one.body["tools"]}
    tried = {one.tool for one in (*attack.everything(), *attack.defacing())}
    assert offered <= tried, "the program has a tool that nobody has tried"
    assert {"Bash", "Write", "WebFetch", "Agent"} <= offered


@pytest.mark.threat("T1", layer="bubblewrap", tries=BUILDS)
@pytest.mark.threat("T2", layer="bubblewrap", tries=SETTINGS - 1)
@pytest.mark.threat("T8", layer="bubblewrap", tries=LINKS)
@pytest.mark.threat("T11", layer="bubblewrap", tries=TOOLS + COMMANDS + DEFACING)
@pytest.mark.threat("T13", layer="bubblewrap", tries=PROCESSES)
def test_bubblewrap_holds_alone(attack: Attack, bubblewrap: Walled) -> None:
    """Every tool without asking, a shell, the repository's hooks and servers."""
    held_by_walls(attack, bubblewrap)


@pytest.mark.threat("T1", layer="landlock", tries=BUILDS)
@pytest.mark.threat("T2", layer="landlock", tries=SETTINGS - 1)
@pytest.mark.threat("T8", layer="landlock", tries=LINKS)
@pytest.mark.threat("T11", layer="landlock", tries=TOOLS + COMMANDS + DEFACING)
@pytest.mark.threat("T13", layer="landlock", tries=PROCESSES)
def test_landlock_holds_alone(attack: Attack, landlock: Walled) -> None:
    """The same behind the walls that need no namespace."""
    held_by_walls(attack, landlock)


@pytest.mark.threat("T1", layer="all layers", tries=BUILDS)
@pytest.mark.threat("T2", layer="all layers", tries=SETTINGS)
@pytest.mark.threat("T8", layer="all layers", tries=LINKS)
@pytest.mark.threat("T11", layer="all layers", tries=TOOLS + COMMANDS + DEFACING)
@pytest.mark.threat("T13", layer="all layers", tries=PROCESSES)
def test_all_layers_hold(attack: Attack, walled: Walled) -> None:
    """Exactly what a sweep does, in each jail."""
    attack.post.jail = walled
    before = state_of(attack.post.checkout)
    assert attack.run(as_it_is, [*attack.everything(), *attack.defacing()]) == []
    assert state_of(attack.post.checkout) == before
    assert not attack.knows(tree.ORDER)
    assert not attack.knows(tree.HOOK_RAN)
    offered = {tool["name"] for one in attack.requests for tool in one.body["tools"]}
    assert offered == {"Read", "Grep", "Glob", "StructuredOutput"}


@pytest.mark.skipif(not shutil.which("curl"), reason="the hijacked program speaks by curl")
@pytest.mark.threat("T11", layer="proxy", tries=shell.PROXY)
@pytest.mark.threat("T13", layer="proxy")
def test_the_proxy_gives_its_key_to_nobody(attack: Attack) -> None:
    """With a shell and without walls: what the program holds is worth nothing elsewhere."""
    commands = shell.proxy_calls(attack.outside.ground(attack.post.checkout))
    assert attack.run(every_tool, commands) == []
    smuggled = "".join(shell.SMUGGLED).encode()
    assert [one for one in attack.requests if smuggled in str(one.body["system"]).encode()] == []
    answers = b"".join(one.raw for one in attack.requests)
    assert b"this leads to the model alone" in answers
    assert b"this is not the key of this pass" in answers


def test_without_any_layer_the_traps_catch(attack: Attack) -> None:
    """What a test above says is worth nothing if its traps do not work."""
    take_the_proxy_away(attack.post.patch)
    ground = attack.outside.ground(attack.post.checkout)
    tried = [
        *calls.link_calls(ground),
        *calls.path_calls(ground),
        *calls.changing_calls(ground),
        *shell.reading_calls(ground),
    ]
    reached = attack.run(every_tool, tried)
    # The environment is scrubbed whatever the jail, so that nothing leads to the host's token.
    assert set(PLACES) - set(reached) == {"token"}
    assert "the list of accounts" in reached
    for name in ("precious", "new", "ran/write"):
        assert f"changed: {attack.outside.root / name}" in reached


def test_without_any_layer_the_repository_runs_its_hooks(attack: Attack) -> None:
    """The same for the settings of the repository: what they name runs, and is believed."""
    take_the_proxy_away(attack.post.patch)
    (attack.post.checkout / ".claude" / "settings.local.json").unlink()
    reached = attack.run(wide_open, [call("Read", file_path="a.py")])
    assert {"file", "a TCP port"} <= set(reached)
    for name in ("settings", "server"):
        assert f"changed: {attack.outside.ran / name}" in reached
    assert attack.knows(tree.ORDER)
    assert attack.knows(tree.HOOK_RAN)
