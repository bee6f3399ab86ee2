"""At its most talkative, failing wherever it can, the program tells nobody a secret."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewer_cli.core.leaks import KnownSecrets
from tests.cli.conftest import Cli
from tests.core.test_leaks import DISGUISES
from tests.fakes.engine import found
from tests.fakes.github import faults, spec
from tests.fakes.github.server import FakeGitHub
from tests.fakes.scripted_model import Body, Fail, ScriptedModel, Step, answer, call

pytestmark = spec.needs_graphql

KEY = "sk-ant-" + "api03-made-up_Q7rT2vX9zB4nM6kD8wF1hJ3pL5sG0aC"
POSTED = ("plain", "base64 two bytes on", "hex", "spaces")
TALKATIVE = {
    "REVIEWER_DEBUG": "1",
    "GIT_TRACE": "1",
    "GIT_CURL_VERBOSE": "1",
    "GIT_TRACE_CURL": "1",
    "ANTHROPIC_LOG": "debug",
    "DEBUG": "*",
    "PYTHONWARNINGS": "default",
}
SETTINGS = """
repositories = ["acme/shop"]
[sweep]
first_retry = "0.1s"
[engine]
effort = "low"
key = "${{env:MODEL_KEY}}"
base_url = "{model}"
evidence = false
[github]
api_url = "{hub}"
lists_lag = "0s"
token = "${{env:HOST_TOKEN}}"
"""


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "hub") as made:
        yield made


def hijacked(secrets: tuple[str, ...]) -> Callable[[Body], Step]:
    """A model that says all secrets in all disguises, or breaks down with them on its lips."""
    every = {name: " ".join(map(hide, secrets)) for name, hide in DISGUISES.items()}

    def script(body: Body) -> Step:
        said = json.dumps(body)
        heads = re.findall(r"R1 \+ x = 'head (\w[\w ,]*)'", said)
        kind = heads[0] if heads else ""
        if kind == "fails":
            told = " ".join(every.values())
            return Fail(status=400, type="invalid_request_error", message=told)
        if kind == "tools" and "tool_result" not in said:
            return call("Read", file_path=f"/proc/self/environ {' '.join(secrets)}")
        if kind in every:
            finding = found("a.py", 1, "x = ", title="Look", body=f"It is {every[kind]} here.")
            return answer({"findings": [finding]})
        return answer({"findings": [found("a.py", 1, "x = ")]})

    return script


def leaks(text: str, secrets: tuple[str, ...]) -> list[str]:
    known = KnownSecrets()
    for secret in secrets:
        known.add(secret)
    plainly = [name for name, hide in DISGUISES.items() for one in secrets if hide(one) in text]
    return plainly + [str(leak) for leak in known.found(text) if leak.known]


def everything(root: Path) -> Iterator[tuple[str, str]]:
    """Every file below a directory as text, and what git has packed into its own."""
    for path in root.rglob("*"):
        if path.is_file() and not path.is_symlink():
            yield str(path), path.read_bytes().decode("utf-8", "replace")
        if path.name == "objects" and path.is_dir():
            packed = subprocess.run(
                ["git", f"--git-dir={path.parent}", "cat-file", "--batch-all-objects", "--batch"],
                capture_output=True,
                check=True,
            )
            yield f"objects of {path.parent}", packed.stdout.decode("utf-8", "replace")


@pytest.mark.threat("T12", layer="all layers", tries=2 * len(POSTED))
@pytest.mark.threat("T30", layer="all layers", tries=2 * len(POSTED))
@pytest.mark.threat("T24", layer="all layers")
def test_no_secret_is_in_anything_that_is_said_sent_or_kept(
    cli: Cli, hub: FakeGitHub, tmp_path_factory: pytest.TempPathFactory
) -> None:
    bot, acme = hub.world.account("sweeper"), hub.world.account("acme", "Organization")
    token = hub.tokens.fine_grained(bot, acme, pull_requests="write", contents="read")
    secrets = (KEY, token)
    repo = hub.world.repo("acme/shop", {"a.py": "x = 1\n"}, private=True)
    kinds = ("fails", "tools", "fine", *POSTED)
    for kind in kinds:
        hub.world.pull(repo, {"a.py": f"x = 'head {kind}'\n"})
    echo = faults.answer(500, {"message": f"{token} {KEY}"}, {"x-echo": token})
    hub.fail("POST", "/repos/acme/shop/pulls/*/reviews", echo, times=1)
    temporary = tmp_path_factory.mktemp("t")
    with ScriptedModel(hijacked(secrets)) as model:
        (cli.root / "reviewer.toml").write_text(
            SETTINGS.format(model=model.url, hub=hub.api_url), encoding="utf-8"
        )
        environment = {
            **TALKATIVE,
            "MODEL_KEY": KEY,
            "HOST_TOKEN": token,
            "TMPDIR": str(temporary),
        }
        runs = [
            cli.run("sweep", "--verbose", "--sarif", cli.root / "sarif", **environment),
            cli.run("sweep", "--verbose", "--json", **environment),
            cli.run("status", **environment),
            cli.run("ledger", "list", **environment),
            cli.run("ledger", "show", "1", "--json", **environment),
        ]
        refusal = faults.answer(422, {"message": f"I do not like {token}"})
        hub.fail("POST", "/graphql", refusal, times=99)
        runs.append(cli.run("sweep", "--verbose", **environment))
        asked = [one.raw.decode() for one in model.requests if one.turn == 0]
    assert [run.code for run in runs[:2]] == [3, 3], runs[0].err
    assert "I do not like [redacted]" in runs[-1].out + runs[-1].err
    said = {f"output of command {at}": run.out + run.err for at, run in enumerate(runs)}
    told = [one for one in hub.log if one.method == "POST"]
    said["sent to the host"] = " ".join(one.request_body.decode("latin-1") for one in told)
    reviews = list(hub.world.tables.reviews.values())
    assert sorted(hub.world.tables.pulls[one.pull_id].number for one in reviews) == [2, 3]
    ours = [path for path in cli.root.iterdir() if path.name not in ("hub", "repo")]
    ours += [temporary, Path(cli.environment["HOME"])]
    for place in ours:
        said.update(everything(place) if place.is_dir() else {str(place): place.read_text()})
    assert any("ledger.db" in name for name in said)
    assert any(name.startswith("objects of") for name in said)
    assert {name: leaks(text, secrets) for name, text in said.items() if leaks(text, secrets)} == {}
    assert not [raw for raw in asked if leaks(raw, secrets)], "the model knew it before it said it"
