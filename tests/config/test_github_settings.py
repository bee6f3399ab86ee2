"""[github] and [post]: what is refused, and what follows from an address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reviewer_cli.config.load import Loaded, load
from reviewer_cli.core.models import Clean
from reviewer_cli.errors import AccessRefused, ConfigurationError
from reviewer_cli.wiring.hosts import HOSTS
from reviewer_cli.wiring.places import Places


def loaded(tmp_path: Path, text: str) -> Loaded:
    path = tmp_path / "reviewer.toml"
    path.write_text(text)
    return load(path, {})


@pytest.mark.parametrize(
    ("api", "web"),
    [
        ("https://api.github.com", "https://github.com"),
        ("https://api.github.com/", "https://github.com"),
        ("https://api.acme.ghe.com", "https://acme.ghe.com"),
        ("https://github.acme.example/api/v3", "https://github.acme.example"),
        ("https://api.acme.example/api/v3/", "https://api.acme.example"),
        ("https://acme.example:8443/api/v3", "https://acme.example:8443"),
        ("http://127.0.0.1:8080/api/v3", "http://127.0.0.1:8080"),
    ],
)
def test_where_people_and_git_go_follows_from_the_api(tmp_path: Path, api: str, web: str) -> None:
    github = loaded(tmp_path, f'[github]\napi_url = "{api}"\n').settings.github
    assert github.web_url == web
    assert not github.api_url.endswith("/")


@pytest.mark.threat("T26", layer="configuration")
@pytest.mark.parametrize(
    "api",
    [
        "http://api.github.com",
        "http://127.0.0.1.example.com/api/v3",
        "http://10.0.0.1/api/v3",
        "ftp://api.github.com",
        "api.github.com",
        "https://",
        "https://github.com",
        "https://github.acme.example",
        "https://github.acme.example/api",
        "https://api.github.com/graphql",
        "https://ghp_canary@api.github.com",
        "https://ada:ghp_canary@api.github.com",
        "https://api.github.com?token=ghp_canary",
    ],
)
def test_an_unsafe_or_wrong_address_is_refused(tmp_path: Path, api: str) -> None:
    with pytest.raises(ConfigurationError, match=r"github\.api_url") as refused:
        loaded(tmp_path, f'[github]\napi_url = "{api}"\n')
    assert "canary" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('app_id = "1"', "belong together"),
        ('private_key = "${env:KEY}"', "belong together"),
        ('app_id = "1"\nprivate_key = "${env:K}"\ntoken = "${env:T}"', "two identities"),
        ('token = "ghp_canary"', "named, not written"),
        ('posting_token = "ghp_canary"', "named, not written"),
        ('issues_token = "ghp_canary"', "named, not written"),
        ('private_key = "-----BEGIN canary"', "named, not written"),
        ('exclude = ["!acme/*"]', "cannot be negated"),
        ("check_run = 1", "boolean"),
        ('tokn = "${env:T}"', "did you mean 'token'"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_no_secret_is_repeated(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        loaded(tmp_path, f"[github]\n{text}\n")
    assert "canary" not in str(refused.value)


def test_a_clean_review_may_keep_quiet(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").settings.post.clean is Clean.COMMENT
    assert loaded(tmp_path, '[post]\nclean = "silent"\n').settings.post.clean is Clean.SILENT
    with pytest.raises(ConfigurationError, match=r"post\.clean"):
        loaded(tmp_path, '[post]\nclean = "never"\n')


def host_of(tmp_path: Path, text: str) -> Any:
    settings = loaded(tmp_path, text).settings
    where = Places(state=tmp_path, cache=tmp_path)
    return HOSTS["github"](settings, where)


@pytest.mark.parametrize(("text", "seconds"), [("", 60.0), ('[github]\nlists_lag = "0s"\n', 0.0)])
def test_how_long_a_draft_rests_can_be_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, seconds: float
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_canary")
    host = host_of(tmp_path, text)
    assert host.lists_lag_s == seconds
    host.close()


def test_a_token_of_githubs_own_does_not_serve_an_enterprise_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enterprise = '[github]\napi_url = "https://github.acme.example/api/v3"\n'
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_canary")
    host = host_of(tmp_path, "")
    assert host.name == "github.com"
    host.close()
    with pytest.raises(AccessRefused, match="REVIEWER_GITHUB_TOKEN"):
        host_of(tmp_path, enterprise)
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "ghp_other")
    host = host_of(tmp_path, enterprise)
    assert host.name == "github.acme.example"
    host.close()


def test_an_app_whose_key_is_none_is_a_configuration_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEY", "canary")
    text = '[github]\napp_id = "1"\nprivate_key = "${env:KEY}"\n'
    with pytest.raises(ConfigurationError, match=r"github\.private_key") as refused:
        host_of(tmp_path, text)
    assert "canary" not in str(refused.value)
