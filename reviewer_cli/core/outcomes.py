"""What became of a finding after it was posted, judged by what can be shown and nothing else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reviewer_cli.core.commands import Command, parse
from reviewer_cli.core.conversation import Conversation, PullState, Said, Thread
from reviewer_cli.core.models import Earlier, Outcome
from reviewer_cli.core.replies import Meaning, meaning
from reviewer_cli.core.sanitise import one_line

CO_AUTHOR = re.compile(r"^co-authored-by:[ \t]*(.*)$", re.IGNORECASE | re.MULTILINE)
FIX = re.compile(r"\b(?:bug|hot)?[ -]?fix(?:e[sd]|ing)?\b|\bregression\b", re.IGNORECASE)
MESSAGE_CHARS = 20_000
"""Of a commit's message are read; its writer may be anybody."""

GHOST = "ghost"
"""GitHub's name for who is an account no more, or none that it tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit as its writer tells of it; `at` is when it came, in seconds since the epoch."""

    sha: str
    author: str = ""
    at: float | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesSince:
    """What became of the flagged lines since they were flagged.

    `commit` is the first known one in which they are not as they were, None while they are. `text`
    is what stands in their place now, nothing where they are gone, None where that is not known.
    """

    commit: Commit | None = None
    text: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is true of a whole pull request.

    `has_moved_on`: its head is a later one than the finding was made on. `deciders` are the logins
    whose word counts, as `deciders` gives them, and `own_logins` what we are called, also where
    people give us commands.
    """

    state: PullState
    ended_at: float | None = None
    has_moved_on: bool = False
    deciders: frozenset[str] = frozenset()
    own_logins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """An outcome with its evidence as one sentence, and who, when and which commit it speaks of.

    `by` is a login or, for a commit, whom it names as author; empty where nobody is known.
    """

    outcome: Outcome
    evidence: str
    by: str = ""
    at: float | None = None
    sha: str = ""


def deciders(conversation: Conversation, writers: Iterable[str] = ()) -> frozenset[str]:
    """The logins, in lower case, whose words and thumbs count on this pull request.

    They are its author, everybody who wrote there and `may_steer`, and the `writers`: others that
    are known to have write access. The author counts like any of them: what is declined stays to
    be read by everybody, and all that a refusal does is to keep us from saying it again there.
    """
    heard = (*conversation.remarks, *(said for one in conversation.threads for said in one.said))
    steering = (said.author for said in heard if said.may_steer and is_person(said))
    logins = {login.lower() for login in (conversation.author, *steering, *writers)}
    return frozenset(logins - {"", GHOST})


def strangers(
    conversation: Conversation, known: Collection[str], own_logins: Sequence[str]
) -> frozenset[str]:
    """The logins of whom it matters whether they may write, and is not known.

    They put a thumb on what we said, or told us to ignore it.
    """
    ours = [thread for thread in conversation.threads if thread.opening.is_ours]
    with_thumbs = (login for one in ours for login in (*one.opening.up_by, *one.opening.down_by))
    ignoring = (
        said.author
        for one in ours
        for said in one.said[1:]
        if is_person(said) and parse(said.body, own_logins) is Command.IGNORE
    )
    return frozenset({login.lower() for login in (*with_thumbs, *ignoring)} - {*known, GHOST})


def judged(
    earlier: Earlier, thread: Thread | None, lines: LinesSince | None, about: Circumstances
) -> Judgement | None:
    """What became of an earlier finding, by the first of these rules that holds, None by none.

    ==  ==============================================================  ====================
    1   the flagged lines now are its suggestion, or changed in a       SUGGESTION_COMMITTED
        commit that names us as co-author, as the host's button does
    2   the newest clear word of a decider declines: a reply, which     DISMISSED
        may be the command to ignore it, or, where none is clear,
        only thumbs down
    3   the flagged lines changed                                       FIXED
    4   that newest clear word agrees, or else only thumbs up           ACCEPTED
    5   a person resolved the thread, and the lines are as they were    DISMISSED
    6   it was merged, and the lines are as they were                   MERGED_UNRESOLVED
    7   the same; it was closed or got later commits, and no decider    IGNORED
        said or resolved anything
    ==  ==============================================================  ====================

    A word stands above changed lines, because lines change for many reasons, and it gives way to
    a newer word. Who may resolve a thread may write or opened the pull request, by the host's own
    rule. What bots and strangers say counts for nothing. `lines` is None where they cannot be
    followed any more: then no rule about them holds. `thread` is None where there is none.
    """
    commit = lines.commit if lines is not None else None
    if lines is not None and commit is not None and (how := _taken(earlier, lines, about)):
        return _in_commit(Outcome.SUGGESTION_COMMITTED, how, commit)
    word = _word(thread, about)
    if word is not None and word.outcome is Outcome.DISMISSED:
        return word
    if commit is not None:
        return _in_commit(Outcome.FIXED, "The flagged lines changed", commit)
    if word is not None or lines is None:
        return word
    return _by_the_way(thread, about)


def judged_after_merge(
    lines: LinesSince,
    before: Sequence[str] | None,
    merge: Commit,
    within_s: float,
) -> Judgement | None:
    """Whether the flagged lines, as they were merged, were put back or mended soon after.

    `lines` and `before` are about the base branch: since the merge, and what stood there before
    it, None where that is not known. Later than `within_s` seconds after the merge tells nothing.
    """
    commit = lines.commit
    if commit is None or commit.at is None or merge.at is None:
        return None
    if not 0 <= commit.at - merge.at <= within_s:
        return None
    message = commit.message[:MESSAGE_CHARS]
    is_as_before = before is not None and lines.text is not None and lines.text == tuple(before)
    if is_as_before or f"This reverts commit {merge.sha}" in message:
        return _in_commit(Outcome.REVERTED, "The flagged lines were put back", commit)
    if FIX.search(message.split("\n", 1)[0]):
        return _in_commit(Outcome.FIXED_AGAIN, "A fix changed the flagged lines again", commit)
    return None


def _taken(earlier: Earlier, lines: LinesSince, about: Circumstances) -> str:
    """How the suggestion came to be in the lines; empty where it did not."""
    suggestion = earlier.remark.finding.suggestion
    if suggestion is None or not earlier.remark.anchor.replaceable or lines.commit is None:
        return ""
    if lines.text is not None and _plain(lines.text) == _plain(suggestion.split("\n")):
        return "The flagged lines now are the suggestion"
    names = CO_AUTHOR.findall(lines.commit.message[:MESSAGE_CHARS])
    if any(_names_us(name, login) for name in names for login in about.own_logins):
        return "The suggestion was committed on its host"
    return ""


def _plain(lines: Sequence[str]) -> list[str]:
    """Without what editors change by themselves: blanks at line ends, empty lines at the end."""
    return "\n".join(line.rstrip() for line in lines).rstrip("\n").split("\n")


def _names_us(co_author: str, login: str) -> bool:
    """As GitHub writes them: `Name <12345+login@users.noreply.github.com>`; names are free."""
    _, _, address = co_author.lower().partition("<")
    mailbox = address.partition("@")[0].rpartition("+")[2]
    return _bare(login) == _bare(mailbox)


def _bare(login: str) -> str:
    return login.lower().removesuffix("[bot]")


def _word(thread: Thread | None, about: Circumstances) -> Judgement | None:
    """The newest clear reply of somebody who counts; where there is none, their thumbs."""
    if thread is None:
        return None
    who_counts = about.deciders
    for said in reversed(list(_replies(thread, who_counts))):
        if parse(said.body, about.own_logins) is Command.IGNORE:
            return _by(Outcome.DISMISSED, "asked to ignore it", said.author, said.said_at)
        match meaning(said.body):
            case Meaning.DECLINES:
                return _by(Outcome.DISMISSED, "declined it in a reply", said.author, said.said_at)
            case Meaning.ACCEPTS:
                return _by(Outcome.ACCEPTED, "agreed in a reply", said.author, said.said_at)
            case _:
                continue
    up = [login for login in thread.opening.up_by if login.lower() in who_counts]
    down = [login for login in thread.opening.down_by if login.lower() in who_counts]
    if down and not up:
        return _by(Outcome.DISMISSED, "put a thumb down", down[0])
    if up and not down:
        return _by(Outcome.ACCEPTED, "put a thumb up", up[0])
    return None


def _by_the_way(thread: Thread | None, about: Circumstances) -> Judgement | None:
    """What follows where the lines are as they were, and nobody said a clear word."""
    if thread is not None and (resolver := _resolver(thread)):
        return _by(Outcome.DISMISSED, "resolved it with the lines as they were", resolver)
    if about.state is PullState.MERGED:
        evidence = "Merged with the flagged lines as they were."
        return Judgement(outcome=Outcome.MERGED_UNRESOLVED, evidence=evidence, at=about.ended_at)
    if thread is not None and any(_reactions(thread, about.deciders)):
        return None
    if about.state is PullState.CLOSED:
        evidence = "Closed, and nobody reacted."
        return Judgement(outcome=Outcome.IGNORED, evidence=evidence, at=about.ended_at)
    if about.has_moved_on:
        evidence = "Later commits left the flagged lines as they were, and nobody reacted."
        return Judgement(outcome=Outcome.IGNORED, evidence=evidence)
    return None


def _replies(thread: Thread, who_counts: frozenset[str]) -> Iterator[Said]:
    for said in thread.said[1:]:
        if is_person(said) and said.author.lower() in who_counts:
            yield said


def _reactions(thread: Thread, who_counts: frozenset[str]) -> Iterator[str]:
    yield from (said.author for said in _replies(thread, who_counts))
    thumbs = (*thread.opening.up_by, *thread.opening.down_by)
    yield from (login for login in thumbs if login.lower() in who_counts)


def _resolver(thread: Thread) -> str:
    """The person who resolved the thread; empty where nobody did, or a program."""
    login = thread.resolved_by
    is_program = thread.resolved_by_us or login.lower().endswith("[bot]") or login == GHOST
    return "" if not thread.is_resolved or is_program else login


def is_person(said: Said) -> bool:
    """Whether somebody else said it, and no program."""
    return not (said.is_ours or said.is_bot or said.author.lower().endswith("[bot]"))


def _by(outcome: Outcome, did: str, login: str, at: float | None = None) -> Judgement:
    return Judgement(outcome=outcome, evidence=f"{one_line(login, 60)} {did}.", by=login, at=at)


def _in_commit(outcome: Outcome, what: str, commit: Commit) -> Judgement:
    return Judgement(
        outcome=outcome,
        evidence=f"{what} in {one_line(commit.sha[:12])}.",
        by=commit.author,
        at=commit.at,
        sha=commit.sha,
    )
