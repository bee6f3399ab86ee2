"""What became of the branches of a local repository, as its refs and its history show it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from reviewer_cli.core.conversation import Conversation, PullState
from reviewer_cli.core.models import HeadKey, Tip
from reviewer_cli.git.branches import Base, pull_of
from reviewer_cli.git.merges import Merge, arrival, contains, merges_since, tips_apart

NAMED = re.compile(
    r"Merge (?:remote-tracking )?branch '([A-Za-z0-9][\w./-]{0,199})'"
    r"|Merge pull request #([0-9]{1,9}) "
    r"|merge ([A-Za-z0-9][\w./-]{0,199}): Fast-forward",
    re.ASCII,
)
"""How git and GitHub word merges; what names nothing by these rules is called by its commit."""


VERSION_CHARS = 10
"""Of the default branch's commit, as each pull request's version: every tick compares them all."""


def conversations(
    repo: str, keys: Sequence[HeadKey], refs: Mapping[str, str], base: Base
) -> Iterator[Conversation]:
    """The states of branches of a repository, on which nobody says anything.

    A branch whose name was given again is told apart by the head that is asked about: when that
    one was merged, it stays merged. Gone and not merged is closed.
    """
    tips = {pull_of(ref): sha for ref, sha in refs.items()}
    apart = tips_apart(repo, base.sha)
    for key in keys:
        yield _conversation(key, tips.get(key.pull), apart, base)


def _conversation(key: HeadKey, now: str | None, apart: frozenset[str], base: Base) -> Conversation:
    for sha in dict.fromkeys((key.sha, now or key.sha)):
        if sha not in apart and contains(key.repo, base.sha, sha):
            into, at = arrival(key.repo, base.sha, sha)
            return Conversation(
                key=replace(key, sha=sha), state=PullState.MERGED, merged_as=into, ended_at=at
            )
    if now is None:
        return Conversation(key=key, state=PullState.CLOSED)
    return Conversation(
        key=replace(key, sha=now), state=PullState.OPEN, version=base.sha[:VERSION_CHARS]
    )


def merged_tips(
    host: str, repo: str, refs: Mapping[str, str], base: Base, since: float
) -> tuple[Tip, ...]:
    """The heads that came into the base at `since` or later, newest first."""
    names = {sha: name for ref, sha in refs.items() if (name := pull_of(ref)) and ref != base.ref}
    tips: dict[str, Tip] = {}
    for one in merges_since(repo, base.ref, base.sha, since):
        pull = names.get(one.head) or _name(one)
        tip = Tip(
            key=HeadKey(host, repo, pull, one.head),
            head_ref=pull,
            base_ref=base.ref.removeprefix("refs/heads/"),
            base_sha=one.onto,
            ended_at=one.at,
        )
        tips.setdefault(one.head, tip)
    return tuple(tips.values())


def _name(merge: Merge) -> str:
    found = NAMED.match(merge.said)
    if found is None:
        return merge.head[:12]
    branch = found[1] or found[3]
    return found[2] or pull_of(f"refs/heads/{branch}") or merge.head[:12]
