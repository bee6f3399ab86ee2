"""GitHub's rules for issues: what may be written, and by whom.

Sources: GitHub's REST documentation of issues. Where it is silent the wording is ours.
"""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.github.messages import Refused
from tests.fakes.github.rows import Account, Issue, Repo
from tests.fakes.github.world import World

BODY_LIMIT = 65_536


def create(world: World, repo: Repo, author: Account, title: str, body: str | None) -> Issue:
    """An open issue with the next number of the repository."""
    if not title:
        raise _invalid("title", "missing_field")
    _check_body(body)
    when = world.stamp()
    made = Issue(
        id=world.new_id(),
        repo_id=repo.id,
        number=world.tables.next_number(repo),
        title=title,
        body=body,
        author_id=author.id,
        created_at=when,
        updated_at=when,
    )
    world.save(made)
    return made


def edit(world: World, issue: Issue, **changes: str) -> Issue:
    """Another title, body or state; whoever may write issues may edit those of others."""
    _check_body(changes.get("body"))
    done = replace(world.fresh(issue), updated_at=world.stamp(), **changes)  # type: ignore[arg-type]
    world.save(done)
    return done


def _check_body(body: str | None) -> None:
    if body is not None and len(body) > BODY_LIMIT:
        raise _invalid("body", "custom", f"body is too long (maximum is {BODY_LIMIT} characters)")


def _invalid(field: str, code: str, message: str = "") -> Refused:
    error = {"resource": "Issue", "code": code, "field": field}
    return Refused(
        422, "Validation Failed", errors=[error | ({"message": message} if message else {})]
    )
