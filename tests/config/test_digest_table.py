"""[digest] and [notify.NAME]: what is refused, and which channel may read what."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import pytest

from reviewer_cli.config.environments import named_secrets
from reviewer_cli.config.load import Loaded, load
from reviewer_cli.digest.due import At
from reviewer_cli.errors import ConfigurationError
from reviewer_cli.wiring.notices import Channels, mailing
from reviewer_cli.wiring.places import Places
from reviewer_cli.wiring.plans import plan

ALL = """
[github]
token = "${env:READER}"
issues_token = "${env:ISSUES}"
[digest]
enabled = true
file = "/tmp/{week}.html"
central_issue = "acme/reports"
repository_issues = true
[notify.team]
url = "${env:TEAM}"
"""


def loaded(tmp_path: Path, text: str, environment: str | None = None) -> Loaded:
    path = tmp_path / "reviewer.toml"
    path.write_text(text)
    return load(path, {}, environment)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[digest]\ntimezone = "Europe/Berlinn"', "pip install tzdata"),
        ('[digest]\nat = "monday"', 'written as "mon 07:00"'),
        ('[digest]\ntitles = "some"', "digest.titles"),
        ('[digest]\nfile = "digest.html"', "a whole path"),
        ('[digest]\nfile = "/tmp/digest.pdf"', "ends with .html, .md, .json"),
        ('[digest]\nfile = "/tmp/{wek}.html"', "such as"),
        ('[digest]\ncentral_issue = "acme/reports"', "github.issues_token"),
        ("[digest]\nrepository_issues = true", "github.issues_token"),
        ("[digest]\nenable = true", "did you mean 'enabled'?"),
        ('[notify.team]\nurl = "https://hooks.example/canary-1"', "named, not written"),
        ('[notify.team]\nurl = "${env:X}"\nfromat = "html"', "did you mean 'format'?"),
        ('[notify."two words"]\nurl = "${env:X}"', "letters, digits, - and _"),
        ("[notify.team]\nattach = true", "notify.team.url: Field required"),
    ],
)
def test_what_could_not_be_kept_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        loaded(tmp_path, text)
    assert words in str(refused.value)
    assert "canary" not in str(refused.value)


def test_without_a_table_nothing_goes_out(tmp_path: Path) -> None:
    found = loaded(tmp_path, 'repositories = ["acme/shop"]')
    assert mailing(found.settings).channels == ()
    assert mailing(found.settings).own is None
    assert (found.settings.digest.zone, found.settings.digest.moment) == (
        UTC,
        At(weekday=0, hour=7, minute=0),
    )


def test_what_was_merged_is_counted_for_digests_made_by_hand_too(tmp_path: Path) -> None:
    head = 'repositories = ["acme/shop"]\n'
    assert plan(loaded(tmp_path, head), ()).count_merged is True
    off = f"{head}[digest]\ncoverage = false\n"
    assert plan(loaded(tmp_path, off), ()).count_merged is False


def test_every_channel_has_the_name_of_its_setting(tmp_path: Path) -> None:
    found = mailing(loaded(tmp_path, ALL).settings)
    assert found.channels == ("notify.team", "digest.file", "digest.central_issue")
    assert (found.own, found.host) == ("digest.repository_issues", "github.com")


@pytest.mark.parametrize(
    ("titles", "readers"),
    [
        ("own", {"digest.file", "digest.repository_issues"}),
        ("none", set()),
        (
            "all",
            {"digest.file", "digest.repository_issues", "digest.central_issue", "notify.team"},
        ),
    ],
)
def test_titles_are_read_by_those_who_may_read_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, titles: str, readers: set[str]
) -> None:
    from tests.notify import post_office  # noqa: F401 - loads apprise

    monkeypatch.setenv("TEAM", "json://127.0.0.1/")
    text = ALL.replace("enabled = true", f'enabled = true\ntitles = "{titles}"')
    settings = loaded(tmp_path, text).settings
    to = mailing(settings)
    channels = Channels(settings, Places(state=tmp_path, cache=tmp_path))
    names = (*to.channels, str(to.own))
    found = {name: channels(name) for name in names}
    assert {name for name, one in found.items() if one is not None and one.shows_titles} == readers
    assert channels("notify.other") is channels("digest.other") is None


def test_an_address_is_a_secret_that_environments_do_not_share(tmp_path: Path) -> None:
    named = dict(named_secrets(loaded(tmp_path, ALL).settings))
    assert str(named["notify.team.url"]) == "${env:TEAM}"
    assert named.keys() == {"github.token", "github.issues_token", "notify.team.url"}
    both = f'{ALL}[env.staging.notify.team]\nurl = "${{env:OTHER}}"\n'
    chosen = dict(named_secrets(loaded(tmp_path, both, "staging").settings))
    assert str(chosen["notify.team.url"]) == "${env:OTHER}"
