"""A large world in a moment: many repositories that share one real git repository."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes.github.bare import Files
from tests.fakes.github.rows import Pull
from tests.fakes.github.world import World


def populate(world: World, owner: str, *, repos: int, pulls: int, files: Files) -> list[Pull]:
    """Repositories OWNER/r0000 and on, each with so many open pull requests.

    All of them have the same commits: a base and a head that changes `files`. Push to one of them
    with `move`, since git's branches are shared.
    """
    first = world.repo(f"{owner}/r0000", dict.fromkeys(files, "\n"))
    model = world.pull(first, files, head="work")
    rows = [first, *(replace(first, id=world.new_id(), name=f"r{n:04}") for n in range(1, repos))]
    made = [
        replace(model, id=world.new_id(), repo_id=repo.id, head_repo_id=repo.id, number=number)
        for repo in rows
        for number in range(2, pulls + 1)
    ]
    made += [
        replace(model, id=world.new_id(), repo_id=repo.id, head_repo_id=repo.id)
        for repo in rows[1:]
    ]
    world.save(*rows, *made)
    return [model, *made]


def move(world: World, pulls: list[Pull], files: Files) -> None:
    """One commit more on each of these pull requests, the same for all."""
    pushed = world.push(pulls[0], files)
    world.save(
        *(
            replace(
                world.fresh(one),
                head_sha=pushed.head_sha,
                commits=pushed.commits,
                updated_at=pushed.updated_at,
            )
            for one in pulls
        )
    )
