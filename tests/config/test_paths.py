"""State lives where it is configured, and only in a directory that is ours alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from reviewer_cli.config.paths import cache_dir, private, state_dir
from reviewer_cli.errors import ConfigurationError


def test_a_new_directory_is_ours_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = private(tmp_path / "deep" / "state")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert private(made) == made


@pytest.mark.threat("T35", layer="configuration")
@pytest.mark.parametrize("mode", [0o701, 0o710, 0o720, 0o750, 0o755, 0o777, 0o1777])
def test_a_directory_that_is_open_to_others_is_refused(mode: int, tmp_path: Path) -> None:
    place = tmp_path / "state"
    place.mkdir()
    place.chmod(mode)
    with pytest.raises(ConfigurationError, match=f"chmod 700 {place}") as caught:
        private(place)
    assert caught.value.exit_code == 78


@pytest.mark.threat("T35", layer="configuration")
def test_a_link_is_refused_even_to_a_good_directory(tmp_path: Path) -> None:
    private(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ConfigurationError, match="is a link"):
        private(tmp_path / "link")


@pytest.mark.threat("T35", layer="configuration")
@pytest.mark.parametrize("target", ["nowhere", "link"])
def test_a_dangling_or_circular_link_is_refused(target: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / target)
    with pytest.raises(ConfigurationError):
        private(tmp_path / "link")
    assert not (tmp_path / "nowhere").exists()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    for place in (tmp_path / "state", tmp_path / "state" / "below"):
        with pytest.raises(ConfigurationError, match="cannot be made"):
            private(place)


@pytest.mark.threat("T35", layer="configuration")
def test_a_directory_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = private(tmp_path / "state")
    stranger = place.stat().st_uid + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        private(place)


def test_the_variable_goes_before_the_setting_before_the_usual_place(home: Path) -> None:
    assert state_dir("/b", {"REVIEWER_STATE_DIR": "/a", "XDG_STATE_HOME": "/c"}) == Path("/a")
    assert state_dir("/b", {"XDG_STATE_HOME": "/c"}) == Path("/b")
    assert state_dir(None, {"XDG_STATE_HOME": "/c"}) == Path("/c/reviewer")
    assert state_dir(None, {}) == home / ".local/state/reviewer"
    assert cache_dir(None, {"XDG_CACHE_HOME": "/c"}) == Path("/c/reviewer")
    assert cache_dir("~/cache", {}) == home / "cache"
    assert cache_dir(None, {"REVIEWER_CACHE_DIR": "x"}) == Path.cwd() / "x"
