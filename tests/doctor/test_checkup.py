"""An examination goes through whatever its questions do."""

from __future__ import annotations

from collections.abc import Iterator

from reviewer_cli.core.health import Health, Sign, amber, exit_code, green, red
from reviewer_cli.doctor.checkup import Question, examine
from reviewer_cli.errors import AccessRefused, LedgerRefused
from reviewer_cli.render.health import checkup
from reviewer_cli.render.terminal import console
from reviewer_cli.telemetry import SECRETS

SECRET = "canary-5d1f"


def refused() -> Iterator[Sign]:
    yield green("token", "is there")
    raise AccessRefused("The token was refused; make a new one.")


def broken() -> Iterator[Sign]:
    raise RuntimeError(SECRET)


def test_an_error_is_a_red_sign_and_the_examination_goes_on() -> None:
    signs = list(
        examine(
            [
                Question("github.com", refused),
                Question("ledger", broken),
                Question("git", lambda: [green("git", "2.39")]),
            ]
        )
    )
    assert [one.health for one in signs] == [Health.GREEN, Health.RED, Health.RED, Health.GREEN]
    assert (signs[1].subject, signs[1].exit_code) == ("github.com", 77)
    assert "The token was refused" in signs[1].said


def test_a_defect_says_where_it_is_and_never_what_its_message_was() -> None:
    (sign,) = examine([Question("ledger", broken)])
    assert "RuntimeError at test_checkup.py" in sign.said
    assert SECRET not in f"{sign}"


def test_what_a_sign_quotes_of_others_holds_no_secret() -> None:
    SECRETS.add("canary-of-the-doctor-9b27")

    def quoted() -> Iterator[Sign]:
        yield amber("a", "it said canary-of-the-doctor-9b27", "drop canary-of-the-doctor-9b27")
        raise AccessRefused("no such key: canary-of-the-doctor-9b27")

    signs = list(examine([Question("model", quoted)]))
    assert [one.said for one in signs] == ["it said [redacted]", "no such key: [redacted]"]
    assert signs[0].mend == "drop [redacted]"


def test_the_first_red_sign_decides_the_exit_code() -> None:
    found = [
        green("a", ""),
        amber("b", "", "mend"),
        red("c", "", exit_code=LedgerRefused.exit_code),
        red("d", "", exit_code=77),
    ]
    assert exit_code(found) == 78
    assert exit_code(found[:2]) == 0


def test_a_sign_reads_without_colour_and_shows_text_from_outside_as_it_is() -> None:
    screen = console()
    with screen.capture() as seen:
        screen.print(
            checkup([red("[/nope]", "bad \x1b[31m [red]x[/red]", "mend it"), green("b", "c")])
        )
    text = seen.get()
    assert "✗" in text
    assert "✓" in text
    assert "[/nope]" in text
    assert "\\u{1b}[31m [red]x[/red]" in text
    assert "→ mend it" in text
    assert "1 green, 1 red." in text
