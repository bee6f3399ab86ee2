"""A secret in what the model says is never posted and never kept: the head ends and a person looks.

The author's own tokens are no secret of ours: they are masked, and silence no review.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator, Sequence

import pytest

from reviewer_cli.core.leaks import KnownSecrets
from reviewer_cli.core.models import Review, State
from reviewer_cli.engines.offline import OfflineEngine
from reviewer_cli.errors import HeadError, PostingForbidden
from reviewer_cli.hosts.local_git import LocalGit
from reviewer_cli.jail.command import Launcher
from reviewer_cli.ledger.ledger import Ledger
from reviewer_cli.ports.engine import Pass, ReviewRequest
from reviewer_cli.ports.host import Draft, RepositoryPoll
from reviewer_cli.telemetry import LOGGER, SECRETS, HeadEnded
from tests.core.test_leaks import DISGUISES, GITHUB, b64
from tests.fakes.engine import ScriptedEngine, found
from tests.fakes.stage import Stage

CANARY = "cAnary-of-the-operator_4f9d1c7b+2Z/k8"
OTHER_TOKEN = "ghp_" + "Zz9Yy8Xx7Ww6Vv5Uu4Tt3Ss2Rr1Qq0Pp9Oo8"
LINE = "b = 2"


@pytest.fixture(autouse=True)
def _known_canary() -> None:
    SECRETS.add(CANARY)


@pytest.fixture
def alarms() -> Iterator[list[str]]:
    """What is logged as critical."""
    heard: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    listener = Listener(logging.CRITICAL)
    LOGGER.addHandler(listener)
    yield heard
    LOGGER.removeHandler(listener)


def with_change(stage: Stage, text: str = f"a = 1\n{LINE}\n", **other: str) -> None:
    stage.repo().commit({"a.py": text}, branch="topic", start="main", **other)


def saying(**fields: object) -> ScriptedEngine:
    return ScriptedEngine(lambda request: {"findings": [found("a.py", 2, LINE) | fields]})


def posted(stage: Stage) -> str:
    """All that was written for people or into the repository's notes."""
    files = sorted((stage.root / "reviews").rglob("*.md"))
    notes = stage.repos[0].git("for-each-ref", "refs/notes")
    assert bool(files) == bool(notes)
    return "\n".join(file.read_text() for file in files)


def kept(stage: Stage) -> str:
    """Every byte of the ledger, read as text in every way that hides none."""
    files = [path for path in stage.root.glob("ledger.db*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("utf-8", "replace") for path in files)


def is_clean(text: str) -> bool:
    """Nothing in a text shows the canary, in any disguise."""
    canary = KnownSecrets()
    canary.add(CANARY)
    return not any(leak.known for leak in canary.found(text))


def assert_stopped(stage: Stage) -> None:
    report = stage.sweep()
    (row,) = stage.rows()
    assert row.state is State.DEAD
    assert row.reason.startswith("secret in output")
    assert report.exit_code == 3
    assert posted(stage) == ""
    assert is_clean(kept(stage))
    (ended,) = [event for event in stage.events if isinstance(event, HeadEnded)]
    assert (ended.state, is_clean(ended.reason)) == (State.DEAD, True)


@pytest.mark.threat("T12", layer="secret scan", tries=len(DISGUISES))
def test_a_known_secret_in_any_disguise_posts_nothing_and_is_kept_nowhere(
    stage: Stage, alarms: list[str]
) -> None:
    repo = stage.repo()
    names = {f"topic-{number}": name for number, name in enumerate(DISGUISES)}
    for branch in names:
        repo.commit({"a.py": f"a = '{branch}'\n{LINE}\n"}, branch=branch, start="main")

    def answer(request: ReviewRequest) -> object:
        hidden = DISGUISES[names[request.head.key.pull]](CANARY)
        return {"findings": [found("a.py", 2, LINE, body=f"The key is {hidden}. It fails.")]}

    stage.engine = ScriptedEngine(answer)
    assert stage.sweep().exit_code == 3
    rows = stage.rows()
    assert [names[row.key.pull] for row in rows if row.state is not State.DEAD] == []
    assert {row.reason[:16] for row in rows} == {"secret in output"}
    assert posted(stage) == ""
    everything = kept(stage)
    assert is_clean(everything)
    assert [name for name, hide in DISGUISES.items() if hide(CANARY) in everything] == []
    assert len(alarms) == len(names)
    assert is_clean("\n".join(alarms))


#: One answer for each place in a reply where a secret can stand.
PLACES: dict[str, object] = {
    "title": {"title": f"Leaks {CANARY}"},
    "quote": {"quote": f"key = '{CANARY}'"},
    "suggestion": {"suggestion": f"b = '{b64(CANARY)}'"},
    "path": {"path": f"src/{CANARY}.py"},
    "rule": {"rule": CANARY},
    "unknown field": {"note": CANARY},
    "name of a field": {CANARY: 1},
    "wrong category": {"category": CANARY},
    "title and body": {"title": f"Cut: {CANARY[:18]}", "body": CANARY[18:]},
}


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.parametrize("place", PLACES)
def test_a_secret_stops_the_post_wherever_in_the_answer_it_stands(stage: Stage, place: str) -> None:
    with_change(stage)
    stage.engine = saying(**PLACES[place])
    assert_stopped(stage)


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.parametrize(
    "answer",
    [CANARY, [CANARY], {"text": [[CANARY]]}, json.dumps({"findings": CANARY}), {CANARY: None}],
    ids=["text", "list", "nested", "JSON", "key"],
)
def test_an_answer_that_breaks_the_schema_leaves_no_secret_in_the_ledger_either(
    stage: Stage, answer: object
) -> None:
    with_change(stage)
    stage.engine = ScriptedEngine(lambda request: answer)
    assert_stopped(stage)


@pytest.mark.threat("T12", layer="secret scan")
def test_a_secret_under_a_thousand_brackets_is_seen_too(stage: Stage) -> None:
    with_change(stage)
    nested: object = CANARY
    for _ in range(5000):
        nested = [nested]
    stage.engine = ScriptedEngine(lambda request: nested)
    assert_stopped(stage)


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize(
    "answer",
    [
        {"findings": [], "x": "%41 &#65; sk-ant " * 400_000},
        {"findings": [], "%41 &#65; sk-ant " * 400_000: 1},
        {"findings": [{} for _ in range(100)], "x": ["%41"] * 700_000},
    ],
    ids=["text", "name", "many"],
)
def test_an_answer_that_is_too_large_is_not_searched_and_not_kept(
    stage: Stage, answer: object
) -> None:
    with_change(stage)
    stage.engine = ScriptedEngine(lambda request: answer)
    started = time.process_time()
    stage.sweep()
    assert time.process_time() - started < 3
    (row,) = stage.rows()
    assert row.error == "The engine's reply is too large; the head will be tried again."
    (reply,) = stage.history("topic").replies
    assert reply.step == "find refused"
    assert "too large to be kept" in kept(stage)
    assert posted(stage) == ""


@pytest.mark.threat("T20", layer="validation")
@pytest.mark.parametrize("answer", [{"findings": [], "\ud800": 1}, {"findings": "\ud800"}])
def test_half_a_character_in_an_answer_is_the_affair_of_one_head(
    stage: Stage, answer: object
) -> None:
    with_change(stage)
    stage.engine = ScriptedEngine(lambda request: answer)
    stage.sweep()
    (row,) = stage.rows()
    assert row.error.startswith("The engine's reply breaks the schema")


@pytest.mark.threat("T12", layer="secret scan")
def test_a_secret_in_the_verdict_of_the_second_pass_stops_the_post(stage: Stage) -> None:
    with_change(stage)

    def answer(request: ReviewRequest) -> object:
        if "verdicts" in json.dumps(request.brief.schema):
            return {"verdicts": [{"number": 1, "verdict": "refuted", "reason": CANARY}]}
        return {"findings": [found("a.py", 2, LINE)]}

    stage.engine = ScriptedEngine(answer, passes=(Pass.FIND, Pass.VERIFY))
    assert_stopped(stage)


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.parametrize("name", ["plain", "base64", "hex", "reversed"])
def test_a_token_that_nobody_knows_stops_the_post_by_its_shape(stage: Stage, name: str) -> None:
    with_change(stage)
    stage.engine = saying(body=f"I found {DISGUISES[name](OTHER_TOKEN)} somewhere.")
    assert_stopped(stage)
    assert DISGUISES[name](OTHER_TOKEN) not in kept(stage)
    assert "[redacted: a GitHub token]" in kept(stage)


def test_what_the_stopped_model_said_can_be_read_without_the_secret(stage: Stage) -> None:
    with_change(stage)
    stage.engine = saying(body=f"The key is {CANARY}. It fails.")
    stage.sweep()
    (reply,) = stage.history("topic").replies
    assert reply.step == "find refused"
    assert "The key is [redacted]. It fails." in kept(stage)


def test_a_head_that_was_stopped_is_not_reviewed_again_and_others_are_not_disturbed(
    stage: Stage,
) -> None:
    with_change(stage)
    stage.repos[0].commit({"a.py": "a = 3\n"}, branch="other", start="main")
    engine = stage.engine = ScriptedEngine(
        lambda request: (
            {"findings": []}
            if request.head.key.pull == "other"
            else {"findings": [found("a.py", 2, LINE, body=CANARY)]}
        )
    )
    stage.sweep()
    stage.now += 24 * 3600
    stage.sweep()
    assert stage.states() == {"topic": State.DEAD, "other": State.POSTED}
    assert len(engine.asked) == 2


# ---- the author's own tokens

OWN = f"a = 1\ntoken = '{GITHUB}'\n"


@pytest.mark.parametrize(
    ("where", "text", "other"),
    [
        ("diff", OWN, {}),
        ("title", f"a = 1\n{LINE}\n", {"message": f"Use {GITHUB}"}),
        ("body", f"a = 1\n{LINE}\n", {"message": f"Use it\n\nIt is {GITHUB}."}),
    ],
)
def test_the_authors_own_token_is_masked_and_silences_nothing(
    stage: Stage, where: str, text: str, other: dict[str, str]
) -> None:
    with_change(stage, text, **other)
    quote = text.splitlines()[1]
    stage.engine = saying(
        quote=quote,
        title=f"{GITHUB} is hard-coded",
        body=f"`{GITHUB}` can be read by everybody.",
        suggestion=f"token = '{GITHUB}'  # revoke",
    )
    assert stage.sweep().exit_code == 0
    assert stage.states() == {"topic": State.POSTED}
    said = posted(stage)
    assert GITHUB not in said
    assert "a.py:2" in said
    assert "`[redacted: a GitHub token]` can be read" in said
    assert "```suggestion" not in said
    (finding,) = stage.history("topic").findings
    assert GITHUB not in repr(finding)


def test_the_authors_own_token_is_masked_in_the_reason_of_a_verdict_too(stage: Stage) -> None:
    with_change(stage, OWN)
    quote = OWN.splitlines()[1]

    def answer(request: ReviewRequest) -> object:
        if "verdicts" in json.dumps(request.brief.schema):
            reason = f"{GITHUB} is an example"
            return {"verdicts": [{"number": 1, "verdict": "refuted", "reason": reason}]}
        return {"findings": [found("a.py", 2, quote)]}

    stage.engine = ScriptedEngine(answer, passes=(Pass.FIND, Pass.VERIFY))
    assert stage.sweep().exit_code == 0
    (finding,) = stage.history("topic").findings
    assert finding.reason == "[redacted: a GitHub token] is an example"


def test_a_token_in_the_name_of_a_changed_file_is_masked_where_it_is_named(stage: Stage) -> None:
    stage.repo().commit({f"{GITHUB}.py": f"{LINE}\n"}, branch="topic", start="main")
    stage.engine = ScriptedEngine(
        lambda request: {"findings": [found(f"{GITHUB}.py", 1, "not there at all")]}
    )
    assert stage.sweep().exit_code == 0
    assert "[redacted: a GitHub token].py" in posted(stage)
    assert GITHUB not in posted(stage)


@pytest.mark.threat("T12", layer="secret scan")
def test_beside_the_authors_own_token_another_one_still_stops_the_post(stage: Stage) -> None:
    with_change(stage, OWN)
    stage.engine = saying(body=f"{GITHUB} and {OTHER_TOKEN}")
    assert_stopped(stage)


@pytest.mark.threat("T12", layer="secret scan")
def test_a_secret_of_ours_stops_the_post_even_where_the_change_shows_it(stage: Stage) -> None:
    with_change(stage, f"a = 1\ntoken = '{CANARY}'\n")
    stage.engine = saying(quote=f"token = '{CANARY}'", body="It is hard-coded.")
    assert_stopped(stage)


KEY = "-----BEGIN RSA PRIVATE KEY-----\n{}\n-----END RSA PRIVATE KEY-----".format(
    "\n".join(b64(f"line {at} of a made-up key" * 3)[:64] for at in range(4))
)


def test_a_private_key_in_the_change_is_masked_line_by_line_or_whole(stage: Stage) -> None:
    with_change(stage, f"a = 1\nKEY = '''{KEY}'''\n")
    stage.engine = saying(
        quote=f"KEY = '''{KEY.splitlines()[0]}", body=f"It begins so:\n\n{KEY[:150]}\n\nRevoke it."
    )
    assert stage.sweep().exit_code == 0
    assert KEY.splitlines()[1] not in posted(stage)
    assert "Revoke it." in posted(stage)


def test_the_offline_engine_still_reports_leaked_secrets(stage: Stage) -> None:
    """Its findings show a few characters and a length, so that nothing has to stop them."""
    aws = "AKIA" + "QZ7MNB4XKLW2PTRD"
    with_change(stage, f"{OWN}key = '{aws}'\nown = '{CANARY}'\n{KEY}\n")
    stage.engine = OfflineEngine(Launcher())
    assert stage.sweep().exit_code == 0
    said = posted(stage)
    assert "adds a GitHub token" in said
    assert "a private key" in said
    assert GITHUB not in said + kept(stage)
    assert is_clean(said)


# ---- the last look before the post


def save_but_do_not_post(stage: Stage, step: str) -> None:
    """A sweep whose posting fails at a step; what it saved is innocent to it."""

    class Failing(LocalGit):
        def prepare(self, review: Review) -> Draft:
            if step == "prepare":
                raise HeadError("the connection broke")
            return super().prepare(review)

        def submit(self, draft: Draft) -> str:
            raise HeadError("the connection broke")

    stage.host = Failing(stage.root / "reviews")
    assert stage.sweep().exit_code == 3
    stage.host = None
    stage.now += 3600


@pytest.mark.threat("T12", layer="secret scan")
@pytest.mark.parametrize("step", ["prepare", "submit"])
def test_a_review_that_was_saved_before_its_secret_was_known_is_not_posted(
    stage: Stage, step: str
) -> None:
    late = {"prepare": "8d7f6a5e4c3b2a19", "submit": "q1w9e8r7t6y5u4i3"}[step]
    with_change(stage)
    stage.engine = saying(body=f"It says {late}.")
    save_but_do_not_post(stage, step)
    SECRETS.add(late)
    assert stage.sweep().exit_code == 3
    (row,) = stage.rows()
    assert (row.state, row.reason[:16]) == (State.DEAD, "secret in output")
    assert posted(stage) == ""
    assert list((stage.root / "reviews").rglob(".*.md")) == [], "its draft is taken back"


@pytest.mark.threat("T12", layer="secret scan")
def test_a_saved_review_that_was_changed_in_the_ledger_is_looked_at_again(stage: Stage) -> None:
    with_change(stage)
    save_but_do_not_post(stage, "prepare")
    ledger = Ledger(stage.ledger_path)
    with ledger.store.transaction():
        (row,) = ledger.store.db.execute("SELECT payload FROM reviews").fetchall()
        payload = row[0].replace("No findings", f"No findings {OTHER_TOKEN}")
        ledger.store.update("reviews", {"payload": payload}, {"head_id": 1})
    ledger.close()
    assert stage.sweep().exit_code == 3
    assert stage.states() == {"topic": State.DEAD}
    assert posted(stage) == ""


@pytest.mark.threat("T12", layer="secret scan")
def test_a_saved_review_of_a_file_that_is_named_by_a_secret_is_not_posted(stage: Stage) -> None:
    late = "7h6g5f4d3s2a1q9z"
    stage.repo().commit({f"{late}.py": f"a = 1\n{LINE}\n"}, branch="topic", start="main")
    stage.engine = ScriptedEngine(
        lambda request: {"findings": [found(f"{late}.py", 2, LINE, title="Wrong")]}
    )
    save_but_do_not_post(stage, "prepare")
    SECRETS.add(late)
    assert stage.sweep().exit_code == 3
    assert stage.states() == {"topic": State.DEAD}
    assert posted(stage) == ""


@pytest.mark.threat("T30", layer="redaction")
def test_a_host_that_forbids_posting_and_quotes_a_secret_is_kept_without_it(stage: Stage) -> None:
    class Closed(LocalGit):
        def prepare(self, review: Review) -> Draft:
            raise PostingForbidden(f"not with {CANARY}")

    with_change(stage)
    stage.engine = saying()
    stage.host = Closed(stage.root / "reviews")
    stage.sweep()
    (row,) = stage.rows()
    assert row.error == "not with [redacted]"
    ended = [event for event in stage.events if isinstance(event, HeadEnded)]
    assert is_clean(kept(stage) + repr(ended))


@pytest.mark.threat("T30", layer="redaction")
def test_a_repository_that_fails_with_a_secret_in_its_words_is_named_without_it(
    stage: Stage,
) -> None:
    class Broken(LocalGit):
        def open_tips(self, repos: Sequence[str]) -> list[RepositoryPoll]:
            failed = RepositoryPoll(repo="elsewhere", error=f"{CANARY} was not expected")
            return [*super().open_tips(repos), failed]

    with_change(stage)
    stage.engine = saying()
    stage.host = Broken(stage.root / "reviews")
    report = stage.sweep()
    assert [one.reason for one in report.failures] == ["[redacted] was not expected"]
    assert is_clean(repr(stage.events))


@pytest.mark.threat("T30", layer="redaction")
def test_an_error_that_quotes_a_secret_is_kept_and_shown_without_it(stage: Stage) -> None:
    with_change(stage)
    stage.engine = ScriptedEngine(lambda request: HeadError(f"invalid x-api-key: {CANARY}"))
    stage.sweep()
    (row,) = stage.rows()
    assert row.error == "invalid x-api-key: [redacted]"
    assert is_clean(kept(stage) + repr(stage.events))
