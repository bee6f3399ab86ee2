"""An examination: one question after another, each answered with signs whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from reviewer_cli.core.health import Sign, red
from reviewer_cli.errors import ReviewerError, defect
from reviewer_cli.telemetry import SECRETS

DEFECT = 1


@dataclass(frozen=True, slots=True)
class Question:
    """What is looked at, and how; `ask` may raise the errors of `errors.py`."""

    subject: str
    ask: Callable[[], Iterable[Sign]]


def examine(questions: Iterable[Question]) -> Iterator[Sign]:
    """The signs of every question in turn; an error becomes a red sign with its exit code.

    Whatever a sign quotes of what others said, no secret is in it.
    """
    for sign in _answers(questions):
        yield replace(sign, said=SECRETS.redacted(sign.said), mend=SECRETS.redacted(sign.mend))


def _answers(questions: Iterable[Question]) -> Iterator[Sign]:
    for question in questions:
        try:
            yield from question.ask()
        except ReviewerError as error:
            yield red(question.subject, str(error), exit_code=error.exit_code)
        except Exception as error:  # noqa: BLE001 - one question never ends the examination
            yield red(question.subject, f"{defect(error)}.", "please report it", exit_code=DEFECT)
