"""Digests as files: where the pattern says, whole or not at all, and nothing left beside them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reviewer_cli.errors import ConfigurationError, ReviewerError
from reviewer_cli.notify.file import FileChannel, form_of, write
from reviewer_cli.ports.notices import Form
from tests.notify.test_services import NOTICE, TEXTS


def channel(path: Path) -> FileChannel:
    return FileChannel("digest.file", path, shows_titles=True)


def test_each_format_is_a_file_of_its_own_and_a_week_does_not_replace_another(
    tmp_path: Path,
) -> None:
    made = channel(tmp_path / "{week}.{format}")
    assert made.send(NOTICE) is True
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "2026-W47.html": TEXTS[Form.HTML],
        "2026-W47.md": TEXTS[Form.MARKDOWN],
        "2026-W47.json": TEXTS[Form.JSON],
    }
    assert (made.keeps_newest, channel(tmp_path / "now.html").keeps_newest) == (False, True)


def test_one_that_is_there_is_replaced_whole_and_never_written_into(tmp_path: Path) -> None:
    path = tmp_path / "now.html"
    path.write_text("the one before")
    with path.open() as reader:
        channel(path).send(NOTICE)
        assert reader.read() == "the one before"
    assert path.read_text() == TEXTS[Form.HTML]
    assert os.listdir(tmp_path) == ["now.html"]


def test_a_text_that_cannot_be_had_leaves_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "now.md"
    path.write_text("the one before")
    with pytest.raises(UnicodeEncodeError):
        write(path, "\ud800")
    assert path.read_text() == "the one before"
    assert os.listdir(tmp_path) == ["now.md"]


def test_where_it_cannot_be_written_the_sentence_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReviewerError, match=r"cannot be written .*; let this user write there"):
        channel(tmp_path / "file" / "x.md").send(NOTICE)
    with pytest.raises(ReviewerError, match="cannot be written"):
        list(channel(tmp_path / "file" / "x.md").examine())
    with pytest.raises(ReviewerError, match=r"There is no directory .*; make it"):
        write(tmp_path / "gone" / "x.md", "text")
    with pytest.raises(ConfigurationError, match=r"write \.html, \.md or \.json"):
        form_of(Path("digest.pdf"))


def test_a_directory_that_is_missing_is_made_by_the_first_digest_and_by_no_examination(
    tmp_path: Path,
) -> None:
    mail = channel(tmp_path / "new" / "deep" / "{week}.html")
    assert [sign.health for sign in mail.examine()] == ["green"]
    assert os.listdir(tmp_path) == []
    mail.send(NOTICE)
    assert len(os.listdir(tmp_path / "new" / "deep")) == 1


def test_a_link_leads_to_its_file_and_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("old")
    (tmp_path / "link.md").symlink_to("real.md")
    write(tmp_path / "link.md", "new")
    assert (tmp_path / "link.md").is_symlink()
    assert (tmp_path / "real.md").read_text() == "new"
    os.mkfifo(tmp_path / "pipe.md")
    reader = os.open(tmp_path / "pipe.md", os.O_RDONLY | os.O_NONBLOCK)
    try:
        write(tmp_path / "pipe.md", "said")
        assert os.read(reader, 100) == b"said"
    finally:
        os.close(reader)
    assert (tmp_path / "pipe.md").is_fifo()


def test_the_examination_leaves_nothing(tmp_path: Path) -> None:
    (sign,) = channel(tmp_path / "{week}.html").examine()
    assert (sign.health, os.listdir(tmp_path)) == ("green", [])
