"""An idle tick over GitHub: 1,000 repositories, 10,000 open pull requests, nothing new.

The tick runs in a process of its own against a fake GitHub in another, which adds 100 ms to each
request; GraphQL points are counted by GitHub's documented formula. The other side is a loop that
lists each repository's open pull requests with PyGithub (lazily, pages of 100), counted over 50
repositories and scaled to 1,000. The wall-clock bar compares with the added 100 ms alone, one
request after another as GitHub asks for; the server has answered the same queries before, when the
ledger was filled, and repeats itself.
"""

from __future__ import annotations

from pathlib import Path

from github import Auth, Github

from benchmarks.bar import Figure, Must, part
from benchmarks.github_ground import LATENCY_S, PULLS, REPOSITORIES, Served, served

LISTED = 50


def measure(place: Path) -> list[Figure]:
    """The bars on an idle tick."""
    with served(place) as hub:
        hub.learned(place)
        ours = hub.tick(place)
        told = hub.counted()
        assert (ours["polled"], ours["posted"]) == (REPOSITORIES * PULLS, 0)
        _list(hub)
        theirs = hub.counted()["requests"] * REPOSITORIES / LISTED
    latency = told["requests"] * LATENCY_S
    what = f"idle tick on GitHub, {REPOSITORIES:,} repositories, {REPOSITORIES * PULLS:,} heads"
    parts = (f"{told['graphql']:.0f} GraphQL, {told['rest']:.0f} REST, {told['git']:.0f} git",)
    at_most = Must.NOT_EXCEED
    return [
        Figure(
            bar=f"{what}: requests", measured=told["requests"], must=at_most, limit=45, parts=parts
        ),
        Figure(
            bar="the same: requests ÷ a PyGithub loop's",
            measured=told["requests"] / theirs,
            must=at_most,
            limit=0.05,
            parts=(f"loop {theirs:.0f}, scaled from {LISTED} repositories",),
        ),
        Figure(bar="the same: GraphQL points", measured=told["points"], must=at_most, limit=60),
        Figure(
            bar="the same: tick ÷ its requests at 100 ms each",
            measured=ours["seconds"] / latency,
            must=at_most,
            limit=1.5,
            parts=(part("tick", ours["seconds"]), part("latency", latency)),
        ),
        Figure(
            bar="the same: peak memory",
            measured=ours["bytes"] / 1e6,
            must=at_most,
            limit=150,
            unit="MB",
        ),
    ]


def _list(hub: Served) -> None:
    github = Github(
        base_url=hub.api_url,
        auth=Auth.Token(hub.token),
        per_page=100,
        lazy=True,
        seconds_between_requests=None,
    )
    with github:
        for number in range(LISTED):
            pulls = github.get_repo(f"acme/r{number:04}").get_pulls(state="open")
            assert len({pull.head.sha for pull in pulls}) == 1
