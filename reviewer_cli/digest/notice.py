"""A digest that was kept, in the words that a channel may have of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from reviewer_cli.core.digest import Digest
from reviewer_cli.core.untitled import untitled
from reviewer_cli.errors import ReviewerError
from reviewer_cli.ports.notices import Form, Notice

Masked = Callable[[str], str]
"""What takes every secret out of a text; raises SecretInOutput where one of our own is in it."""


def notice(numbers: str, period: str, masked: Masked, *, shows_titles: bool) -> Notice:
    """The notice of a kept digest, whose time has that name.

    Raises ReviewerError where another version kept it.
    """
    from reviewer_cli.core.digest_json import from_json

    try:
        digest = from_json(numbers)
    except ValueError as error:
        raise ReviewerError(
            "The digest was kept by another version of reviewer, which wrote it otherwise; see "
            "`reviewer digest` for the same time."
        ) from error
    if not shows_titles:
        digest = untitled(digest)
    about = f" of {digest.scope}" if digest.scope else ""
    return Notice(
        period=period,
        scope=digest.scope,
        title=f"Reviews{about}, {period}",
        text=partial(_text, digest, masked),
    )


def written(digest: Digest, form: Form) -> str:
    """A digest in one of the forms that are made of text alone."""
    # These take a while to load, which a sweep that sends nothing need not pay for.
    from reviewer_cli.core.digest_json import to_json
    from reviewer_cli.render.digest_html import page
    from reviewer_cli.render.digest_markdown import brief, markdown

    forms: dict[Form, Callable[[Digest], str]] = {
        Form.BRIEF: brief,
        Form.MARKDOWN: markdown,
        Form.HTML: page,
        Form.JSON: to_json,
    }
    return forms[form](digest)


def _text(digest: Digest, masked: Masked, form: Form) -> str:
    return masked(written(digest, form))
