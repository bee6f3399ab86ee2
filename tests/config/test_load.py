"""What is written is understood or refused with a sentence; what is not written has a default."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewer_cli.config.load import Loaded, load
from reviewer_cli.core.select import SkipRules
from reviewer_cli.errors import ConfigurationError
from reviewer_cli.ports.engine import Effort


def read(text: str, tmp_path: Path) -> Loaded:
    file = tmp_path / "reviewer.toml"
    file.write_text(text)
    return load(file, {})


def refusal(text: str, tmp_path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(text, tmp_path)
    assert caught.value.exit_code == 78
    assert str(tmp_path / "reviewer.toml") in str(caught.value)
    return str(caught.value)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    loaded = read('repositories = ["/srv/git/shop"]\n[sweep]\nbatch_size = 2\n', tmp_path)
    assert loaded.repositories == ("/srv/git/shop",)
    assert loaded.settings.sweep.batch_size == 2
    assert loaded.settings.engine.name == "agent"


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    settings = read(
        """
        state_dir = "~/state"
        [sweep]
        longest_pause = "1.5h"
        [engine]
        name = "offline"
        effort = "high"
        max_usd = 3
        deadline = "10 m"
        [skip]
        drafts = false
        titles = ["^wip"]
        only_bases = ["main", "release/*"]
        max_files = 10
        [diff]
        ignore = ["*.svg"]
        [local]
        default_branch = "trunk"
        """,
        tmp_path,
    ).settings
    assert settings.sweep.longest_pause == 5400.0
    assert (settings.engine.effort, settings.engine.max_usd) == (Effort.HIGH, 3.0)
    assert settings.engine.deadline == 600.0
    assert settings.skip.rules() == SkipRules(
        drafts=False, titles=("^wip",), only_bases=("main", "release/*"), max_files=10
    )
    assert settings.diff.limits("agent").ignore == ("*.svg",)
    assert settings.local.default_branch == "trunk"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[sweep]\nbatchsize = 1", "unknown key 'sweep.batchsize'; did you mean 'batch_size'?"),
        ("repository = []", "unknown key 'repository'; did you mean 'repositories'?"),
        ("[engin]\nname = 'offline'", "unknown key 'engin'; did you mean 'engine'?"),
        ("[local]\nzzz = 1", "unknown key 'local.zzz'; known are default_branch."),
        ("skip = 1", "skip: Input should be a valid dictionary"),
    ],
)
def test_an_unknown_key_is_refused_with_a_guess(text: str, sentence: str, tmp_path: Path) -> None:
    assert sentence in refusal(text, tmp_path)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("repositories = '/srv/x'", "repositories"),
        ("repositories = [1]", "repositories.0"),
        ("state_dir = 1", "state_dir"),
        ("[sweep]\nbatch_size = '4'", "sweep.batch_size"),
        ("[sweep]\nbatch_size = true", "sweep.batch_size"),
        ("[sweep]\nbatch_size = 4.0", "sweep.batch_size"),
        ("[sweep]\nbatch_size = 0", "sweep.batch_size"),
        ("[sweep]\nbatch_size = 65", "sweep.batch_size"),
        ("[sweep]\nlimit = -1", "sweep.limit"),
        ("[engine]\nname = 'gpt'", "engine.name"),
        ("[engine]\neffort = 'max'", "engine.effort"),
        ("[engine]\nmax_usd = '2'", "engine.max_usd"),
        ("[engine]\nmax_usd = inf", "engine.max_usd"),
        ("[engine]\nmax_usd = nan", "engine.max_usd"),
        ("[engine]\nmax_usd = 0", "engine.max_usd"),
        ("[skip]\ndrafts = 'no'", "skip.drafts"),
        ("[skip]\ndrafts = 0", "skip.drafts"),
        ("[skip]\nlabels = 'wip'", "skip.labels"),
        ("[skip]\nlabels = [true]", "skip.labels.0"),
        ("[diff]\nmax_line_bytes = 10", "diff.max_line_bytes"),
    ],
)
def test_a_value_of_the_wrong_type_or_size_is_refused(
    text: str, place: str, tmp_path: Path
) -> None:
    assert f": {place}: " in refusal(text, tmp_path)


@pytest.mark.parametrize("value", ["15", "'15'", "'15 minutes'", "'-5m'", "''", "true", "'5m '"])
def test_a_duration_without_a_unit_is_refused(value: str, tmp_path: Path) -> None:
    said = refusal(f"[sweep]\nfirst_retry = {value}", tmp_path)
    assert 'sweep.first_retry: a duration is written as "90s", "15m", "6h" or "7d".' in said


def test_durations_have_bounds(tmp_path: Path) -> None:
    assert "greater than 0" in refusal("[engine]\ndeadline = '0s'", tmp_path)
    said = refusal("[engine]\ndeadline = '2d'", tmp_path)
    assert said.endswith("reviewer.toml: engine.deadline is longer than a day.")


def test_a_bad_expression_is_refused_when_the_file_is_read(tmp_path: Path) -> None:
    said = refusal("[skip]\ntitles = ['fine', '(']", tmp_path)
    assert "skip.titles.1: not a regular expression: missing )" in said


@pytest.mark.parametrize(
    "table",
    ["[skip]\npaths", "[diff]\nignore", "[skip]\nbases", "[skip]\nonly_bases", "[skip]\nauthors"],
)
def test_a_negated_pattern_is_refused_where_it_would_match_nothing(
    table: str, tmp_path: Path
) -> None:
    said = refusal(f"{table} = ['docs/', '!docs/api/']", tmp_path)
    assert "cannot be negated with `!`" in said


def test_an_expression_may_begin_with_an_exclamation_mark(tmp_path: Path) -> None:
    assert read("[skip]\ntitles = ['!wip']", tmp_path).settings.skip.titles == ("!wip",)


@pytest.mark.parametrize("text", ["= 1", "[sweep\n", "a = 1\na = 2", "x = 'open", "[a]\n[a]"])
def test_what_is_not_toml_is_refused_with_the_line(text: str, tmp_path: Path) -> None:
    said = refusal(text, tmp_path)
    assert "is not valid TOML" in said


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "reviewer.toml"
    file.write_bytes(b"model = '\xff'")
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load(file, {})


def test_a_refused_value_is_not_repeated(tmp_path: Path) -> None:
    assert "canary" not in refusal("[sweep]\nbatch_size = 'canary'", tmp_path)


# ---- where the file is


@pytest.mark.parametrize("name", ["missing.toml", ".", "x" * 5000])
def test_a_named_file_that_is_not_there_is_refused(name: str, tmp_path: Path) -> None:
    for explicit, environment in (
        (tmp_path / name, {}),
        (None, {"REVIEWER_CONFIG": str(tmp_path / name)}),
    ):
        with pytest.raises(ConfigurationError) as caught:
            load(explicit, environment)
        assert caught.value.exit_code == 78


def test_the_nearest_file_wins(tmp_path: Path) -> None:
    """As named, then $REVIEWER_CONFIG, then the current directory, then the user's own."""
    places = {
        "named": tmp_path / "named.toml",
        "variable": tmp_path / "variable.toml",
        "here": Path("reviewer.toml").absolute(),
        "user": tmp_path / "xdg" / "reviewer" / "reviewer.toml",
    }
    for name, file in places.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f'repositories = ["/{name}"]')
    environment = {
        "REVIEWER_CONFIG": str(places["variable"]),
        "XDG_CONFIG_HOME": str(tmp_path / "xdg"),
    }
    assert load(places["named"], environment).repositories == ("/named",)
    assert load(None, environment).repositories == ("/variable",)
    del environment["REVIEWER_CONFIG"]
    assert load(None, environment).repositories == ("/here",)
    places["here"].unlink()
    assert load(None, environment).repositories == ("/user",)
    places["user"].unlink()
    loaded = load(None, environment)
    assert (loaded.path, loaded.repositories) == (None, ())


def test_the_users_file_is_found_without_xdg(home: Path) -> None:
    file = home / ".config" / "reviewer" / "reviewer.toml"
    file.parent.mkdir(parents=True)
    file.write_text('repositories = ["/user"]')
    assert load(None, {}).path == file


def test_relative_repositories_count_from_the_file(tmp_path: Path) -> None:
    wanted = '[".", "..", "./a", "../b", "/c", "~/d", "owner/name"]'
    tmp_path = tmp_path / "project"
    tmp_path.mkdir()
    loaded = read(f"repositories = {wanted}", tmp_path)
    assert [str(Path(one).resolve()) for one in loaded.repositories[:4]] == [
        str(tmp_path),
        str(tmp_path.parent),
        str(tmp_path / "a"),
        str(tmp_path.parent / "b"),
    ]
    assert loaded.repositories[4:] == ("/c", "~/d", "owner/name")


def test_a_file_named_relatively_still_gives_absolute_repositories() -> None:
    Path("sub").mkdir()
    Path("sub/reviewer.toml").write_text('repositories = ["./a"]')
    (one,) = load(Path("sub/reviewer.toml"), {}).repositories
    assert Path(one) == Path("sub/a").absolute()


def test_limits_suit_the_engine_unless_they_are_set(tmp_path: Path) -> None:
    """A model's window is smaller than what a program on this machine can read."""
    path = tmp_path / "reviewer.toml"
    path.write_text("[diff]\nmax_files = 7\n")
    settings = load(path, {}).settings
    agent, offline = settings.diff.limits("agent"), settings.diff.limits("offline")
    assert agent.max_files == offline.max_files == 7
    assert agent.max_diff_bytes < offline.max_diff_bytes
