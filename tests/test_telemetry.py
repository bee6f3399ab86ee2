"""What is logged holds no secret, however it came into a message or an exception."""

from __future__ import annotations

import base64
import gc
import io
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli import telemetry
from reviewer_cli.core.leaks import KnownSecrets
from tests.cli.conftest import ROOT

SHAPED = "ghp_" + "mA7dEuPq2Zx9Lk4Vb8Rn1Tc6Yw3Hs5Jf0GoQ"
CANARY = "canary-0123456789-of-the-log"
# As credentials are: with at least eight letters or digits, whatever else is in them.
secret_values = st.builds(
    lambda start, text: start + text,
    st.from_regex(r"[A-Za-z0-9]{8}", fullmatch=True),
    st.text(st.characters(min_codepoint=33, max_codepoint=126)),
)


@pytest.fixture(autouse=True)
def _register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telemetry, "SECRETS", KnownSecrets())
    telemetry.SECRETS.add(CANARY)


def formatted(message: object, *args: object, error: BaseException | None = None) -> str:
    """The record as the process would write it."""
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("any", logging.ERROR, __file__, 1, message, args, info)
    return telemetry.RedactingFormatter().format(record)


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """The same with a traceback and perhaps a cause."""
    with suppress(BaseException):
        raise error from cause
    return error


def in_context(error: BaseException, of: BaseException) -> BaseException:
    """Raised while another was handled."""
    with suppress(BaseException):
        try:
            raised(of)
            raise of
        finally:
            raise error
    return error


def noted(error: BaseException, note: str) -> BaseException:
    """The same with a note."""
    error.add_note(note)
    return error


FORMS: list[Callable[[str], str]] = [
    lambda value: value,
    lambda value: value[::-1],
    lambda value: f"Authorization: Basic {base64.b64encode(f'x:{value}'.encode()).decode()}",
    lambda value: value.encode().hex(),
    lambda value: repr([value]),
]
HIDING: list[Callable[[str], BaseException]] = [
    lambda text: raised(ValueError(text)),
    lambda text: raised(KeyError(text)),
    lambda text: raised(RuntimeError("x"), raised(OSError(2, text, text))),
    lambda text: in_context(RuntimeError("x"), ValueError(text)),
    lambda text: raised(noted(RuntimeError("x"), text)),
    lambda text: raised(ExceptionGroup("many", [ValueError("x"), raised(ValueError(text))])),
    lambda text: raised(ExceptionGroup(text, [noted(ValueError("x"), text)])),
    lambda text: raised(UnicodeDecodeError("utf-8", text.encode(), 0, 1, text)),
]


@pytest.mark.threat("T29", layer="redaction")
@pytest.mark.threat("T30", layer="redaction")
@given(secret_values, st.sampled_from(FORMS), st.lists(st.sampled_from(HIDING), min_size=1))
def test_no_exception_brings_a_secret_into_the_log(
    value: str, form: Callable[[str], str], hiding: list[Callable[[str], BaseException]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(telemetry, "SECRETS", KnownSecrets())
        telemetry.SECRETS.add(value)
        text = form(value)
        error = hiding[0](text)
        for hide in hiding[1:]:
            error = raised(noted(hide(text), text), error)
        said = formatted("%s failed with %r", text, error, error=error)
        shown = telemetry.shown_traceback(error)
    assert "call last" in said
    for told in (said, shown):
        for disguise in (value, repr(value)[1:-1], text):
            assert disguise not in told


@pytest.mark.threat("T30", layer="redaction")
def test_a_token_s_shape_is_blanked_although_nobody_knows_it() -> None:
    said = formatted("GET / with %s", {"token": SHAPED}, error=raised(ValueError(SHAPED)))
    assert SHAPED not in said
    assert said.count("[redacted: ") == 2


def test_a_record_says_when_and_how_grave_and_keeps_what_is_no_secret() -> None:
    said = formatted("fetched %d rows with %s", 7, CANARY)
    assert said.endswith(" ERROR fetched 7 rows with [redacted]")
    assert said[:2] == "20"


@pytest.mark.threat("T32", layer="redaction")
@given(st.text())
def test_no_text_from_outside_passes_for_a_record_or_moves_the_cursor(text: str) -> None:
    said = formatted("%s", text, error=raised(ValueError(text)))
    first, *others = said.split("\n")
    assert " ERROR " in first
    assert all(line.startswith("    ") for line in others)
    assert not any(
        ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in said if letter not in "\n\t"
    )


# ---- the process


@pytest.fixture
def _as_a_process() -> Iterator[None]:
    """Logging as a process of ours has it, put back afterwards."""
    root, talkative = logging.getLogger(), map(logging.getLogger, telemetry.TALKATIVE)
    levels = {logger: logger.level for logger in (root, *talkative)}
    had = telemetry.OUTPUT in root.handlers
    telemetry.log_to_error_output(logging.INFO)
    yield
    for logger, level in levels.items():
        logger.setLevel(level)
    if not had:
        root.removeHandler(telemetry.OUTPUT)


@pytest.mark.usefixtures("_as_a_process")
def test_every_logger_of_the_process_goes_through_the_one_formatter(
    capsys: pytest.CaptureFixture[str],
) -> None:
    telemetry.log_to_error_output(logging.INFO)
    logging.getLogger("somebody.else").warning("with %s", CANARY)
    logging.getLogger("reviewer").info("here")
    said = capsys.readouterr().err
    assert said.count("with [redacted]\n") == 1
    assert " INFO here\n" in said


@pytest.mark.threat("T30", layer="redaction")
@pytest.mark.usefixtures("_as_a_process")
@pytest.mark.parametrize("name", ["urllib3.connectionpool", "github.Requester", "botocore.auth"])
def test_what_libraries_send_and_receive_is_not_logged(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    telemetry.log_to_error_output(logging.DEBUG)
    logging.getLogger(name).info("authorization: %s", "whatever")
    assert capsys.readouterr().err == ""


class Broken:
    """What cannot be formatted."""

    def __str__(self) -> str:
        raise ValueError("canary")


@pytest.mark.threat("T29", layer="redaction")
@pytest.mark.parametrize(("message", "argument"), [("%d", "canary"), ("%s", Broken())])
def test_a_record_that_cannot_be_shown_is_named_without_its_arguments(
    capsys: pytest.CaptureFixture[str], message: str, argument: object
) -> None:
    telemetry.OUTPUT.handle(
        logging.LogRecord("x", logging.ERROR, "/a/place.py", 7, message, (argument,), None)
    )
    said = capsys.readouterr().err
    assert said.startswith("A record at place.py:7 is lost: ")
    assert "canary" not in said


def test_a_closed_error_output_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    for output in (io.StringIO(), None):
        with monkeypatch.context() as patch:
            if output is not None:
                output.close()
            patch.setattr(sys, "stderr", output)
            telemetry.say("nobody reads")


@pytest.mark.threat("T29", layer="redaction")
@pytest.mark.usefixtures("_as_a_process")
def test_a_thread_or_a_finaliser_that_dies_is_logged_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The suite's own watch over threads has its place back afterwards.
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    telemetry.log_strays()
    logging.captureWarnings(capture=False)

    def dies() -> None:
        raise ValueError(CANARY)

    thread = threading.Thread(target=dies)
    thread.start()
    thread.join()
    assert "ValueError: [redacted]" in capsys.readouterr().err

    class Broken:
        def __del__(self) -> None:
            raise KeyError(CANARY)

    del [Broken()][0]
    gc.collect()
    said = capsys.readouterr().err
    assert "KeyError: '[redacted]'" in said
    assert CANARY not in said


# ---- the last door


PROGRAM = """
import sys
from reviewer_cli import telemetry, __main__
from reviewer_cli.cli import app
from reviewer_cli.errors import {kind}
telemetry.SECRETS.add({secret!r})
def broken():
    try:
        raise OSError({secret!r})
    except OSError as error:
        raise {kind}("with {secret} and \\x1b[31m") from error
app.app = broken
sys.argv = ["reviewer", "sweep"]
__main__.main()
"""


def ended(tmp_path: Path, kind: str, **variables: str) -> tuple[int, str]:
    import subprocess

    program = PROGRAM.format(kind=kind, secret=CANARY)
    if kind == "ValueError":
        program = program.replace("from reviewer_cli.errors import ValueError\n", "")
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


@pytest.mark.threat("T29", layer="redaction")
def test_the_last_sentence_of_an_error_holds_no_secret(tmp_path: Path) -> None:
    assert ended(tmp_path, "AccessRefused") == (
        77,
        "reviewer: with [redacted] and \\u{1b}[31m\n",
    )


@pytest.mark.threat("T29", layer="redaction", tries=2)
def test_a_defect_says_its_place_and_only_on_request_its_message(tmp_path: Path) -> None:
    code, said = ended(tmp_path, "ValueError")
    assert code == 1
    assert "ValueError at <string>:" in said
    assert "redacted" not in said
    code, said = ended(tmp_path, "ValueError", REVIEWER_DEBUG="1")
    assert code == 1
    assert "OSError: [redacted]" in said
    assert "ValueError: with [redacted] and \\u{1b}[31m" in said
    assert CANARY not in said
