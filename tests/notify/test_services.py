"""What apprise makes of a message, told by what really arrives on a server of this machine."""

from __future__ import annotations

import email
import logging
import socket
import sys
import tempfile
from collections.abc import Iterator
from email.policy import default
from pathlib import Path

import pytest

from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.errors import ConfigurationError, HostUnavailable, ReviewerError
from reviewer_cli.notify import services
from reviewer_cli.notify.services import ServiceChannel
from reviewer_cli.ports.notices import Form, Notice, PerhapsSent
from tests.notify.post_office import (
    PASSWORD,
    TOKEN,
    Mood,
    PostOffice,
    mail_server,
    post_office,
)

TEXTS = {
    Form.BRIEF: "# Reviews\n\n**48 %** were acted on.",
    Form.MARKDOWN: "# All of it",
    Form.HTML: "<!doctype html><title>All of it</title>",
    Form.JSON: "{}",
}
NOTICE = Notice(period="2026-W47", scope="", title="Reviews, 2026-W47", text=TEXTS.__getitem__)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


def channel(url: str, form: str | None = None, *, attach: bool = False) -> ServiceChannel:
    return ServiceChannel("notify.team", url, form, attach=attach, shows_titles=False)


def test_a_message_that_is_taken_is_delivered_and_says_the_brief(office: PostOffice) -> None:
    assert channel(office.url).send(NOTICE) is True
    (message,) = office.arrived
    assert message["title"] == NOTICE.title
    assert message["message"] == TEXTS[Form.BRIEF]
    assert message["attachments"] == []


def test_with_attach_the_page_comes_with_it(office: PostOffice) -> None:
    channel(office.url, attach=True).send(NOTICE)
    (attached,) = office.arrived[0]["attachments"]
    assert attached["filename"] == "reviews-2026-W47.html"


def test_an_attachment_that_cannot_be_written_means_that_nothing_was_sent(
    office: PostOffice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = channel(office.url, attach=True)
    made.send(NOTICE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    with pytest.raises(ReviewerError, match=r"cannot be written .*; make room") as failed:
        made.send(NOTICE)
    assert not isinstance(failed.value, PerhapsSent)
    assert len(office.arrived) == 1


def test_one_that_is_refused_was_not_sent_and_says_why(office: PostOffice) -> None:
    office.mood = Mood.REFUSES
    with pytest.raises(HostUnavailable, match=r"error=500") as refused:
        channel(office.url).send(NOTICE)
    assert PASSWORD not in str(refused.value)


def test_nobody_there_means_that_it_was_not_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"json://127.0.0.1:{free.getsockname()[1]}/"
    with pytest.raises(HostUnavailable, match="Connection error"):
        channel(url).send(NOTICE)


def test_an_answer_that_is_lost_leaves_it_open(office: PostOffice) -> None:
    office.mood = Mood.SAYS_NOTHING
    with pytest.raises(PerhapsSent):
        channel(office.url).send(NOTICE)
    assert len(office.arrived) == 1


def test_an_answer_that_never_comes_leaves_it_open(
    office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "ANSWER_S", 0.3)
    office.mood = Mood.HANGS
    with pytest.raises(PerhapsSent):
        channel(f"{office.url}?rto=0.2").send(NOTICE)
    assert len(office.arrived) == 1


def test_no_redirection_takes_it_to_another_server(office: PostOffice) -> None:
    office.mood = Mood.SENDS_ON
    with pytest.raises(HostUnavailable):
        channel(office.url).send(NOTICE)
    assert len(office.arrived) == 1


class Heard(logging.Handler):
    """All that reaches the log of the whole process."""

    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.mark.parametrize("mood", [Mood.TAKES, Mood.REFUSES, Mood.SAYS_NOTHING])
def test_its_address_is_in_no_log_and_no_error(
    office: PostOffice, mood: Mood, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Heard()
    monkeypatch.setattr(logging.getLogger(), "handlers", [heard])
    monkeypatch.setattr(logging.getLogger(), "level", logging.DEBUG)
    office.mood = mood
    said = ""
    try:
        channel(office.url).send(NOTICE)
    except (HostUnavailable, PerhapsSent) as error:
        said = str(error)
    assert [one.getMessage() for one in heard.records if one.name.startswith("apprise")] == []
    assert PASSWORD not in said
    assert TOKEN not in said


def test_the_secret_parts_of_an_address_are_known_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = KnownSecrets()
    monkeypatch.setattr(services, "SECRETS", known)
    channel(f"json://clerk:{PASSWORD}@127.0.0.1/x")
    assert PASSWORD not in known.redacted(f"it was {PASSWORD} indeed")
    channel("json://clerk:open-sesame@127.0.0.1/x")
    assert "sesame" not in known.redacted("it was open-sesame indeed")
    channel(f"json://127.0.0.1/{TOKEN}")
    assert TOKEN not in known.redacted(f"it was {TOKEN} indeed")
    channel("discord://123456789012345678/canary-webhook-token-qTzB7")
    assert "qTzB7" not in known.redacted("it was canary-webhook-token-qTzB7 indeed")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("no address", "is no address"),
        ("nosuchservice://x/y", "is no address"),
        ("json://127.0.0.1/?optional=yes", "optional=yes"),
        ("mailto://127.0.0.1?from=a@x.example&to=b@x.example,c@x.example", "2 targets"),
    ],
)
def test_an_address_that_could_not_keep_the_promises_is_refused(url: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        channel(url)
    assert "notify.team" in str(refused.value)


def test_without_the_extra_the_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigurationError, match="extra 'notify'"):
        channel("json://127.0.0.1/")


def test_a_mail_has_the_words_as_html_and_the_page_attached() -> None:
    with mail_server() as (port, mails):
        url = f"mailto://127.0.0.1:{port}?from=a@x.example&to=b@x.example&mode=insecure"
        channel(url, attach=True).send(NOTICE)
    (mail,) = mails
    read = email.message_from_string(mail, policy=default)
    assert read["subject"] == NOTICE.title
    kinds = [part.get_content_type() for part in read.walk()]
    assert "text/html" in kinds
    assert "<strong>48 %</strong>" in read.get_body().get_content()  # type: ignore[union-attr]
    assert [part.get_filename() for part in read.iter_attachments()] == ["reviews-2026-W47.html"]


def test_the_examination_sends_nothing(office: PostOffice) -> None:
    (sign,) = channel(office.url).examine()
    assert (sign.health, office.arrived) == ("green", [])
    assert PASSWORD not in sign.said
    (sign,) = channel("ntfys://canary-topic", attach=True).examine()
    assert sign.health == "green"
