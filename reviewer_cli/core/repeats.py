"""What was said before on a pull request is not said again, in whatever words and wherever it is.

On lines that are as an earlier review saw them, a finding repeats an earlier one of its file when

* it is about the same lines, or lines near by, in words alike; or
* it is about the same lines, or the same code, and of the same rule or category: unless it quotes
  much more or less, or is worse and shares no word with the earlier one: then it is a late find.

On lines that changed since then it repeats one only in words alike, and only about the same lines,
or, where the earlier finding's code stands nowhere as it was, about code similar to what is gone
of it, unless another one does so nearer to the old place and in code that is more like it, or a
new line there is more like it that no finding is about: it was mended. So a new problem in an
edited line is said, and so is the same problem in another place that is new. What is lost is a new
problem that sounds like the old one of its line, and a late find of the same kind as one of the
very same lines. What is said twice is an old problem of an edited line in wholly other words, and
one that moved away from where something more like its old code stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from reviewer_cli.core.conversation import Said, Thread
from reviewer_cli.core.diff import Diff
from reviewer_cli.core.models import (
    Anchor,
    Disposition,
    Earlier,
    Finding,
    Outcome,
    Placement,
    Remark,
    Severity,
)
from reviewer_cli.core.prose import own_words
from reviewer_cli.core.recall import Recalled, became, distance, recalled, span
from reviewer_cli.core.rounds import News
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.core.words import alike, close, likeness, similar_code, strange, words

NEAR = 10
"""Lines between which words alike are about one problem, whichever line of it is quoted."""

MOST_TIMES = 3
"""How many times as long a quote may be as another one of the same lines and kind."""

BESIDE = 3
"""Lines by which another's comment may be off: people write below what they mean."""

MOST_REPLIES = 20
"""Comments of a thread that are read."""

LONGEST_SAID = 4_000
"""Characters of each of these that are read."""

NOT_CHANGED = "not changed since the last review"


def without_repeats(
    found: Sequence[Remark],
    earlier: Sequence[Earlier],
    others: Sequence[Thread],
    news: News | None,
    diff: Diff,
) -> tuple[Remark, ...]:
    """Mark kept remarks that were said before, and small ones about what did not change.

    `others` are other people's and programs' threads, followed to the present head, without those
    of the pull request's author, who could silence a finding by saying it first. What is serious
    about unchanged lines stays kept, and moves to the summary. `news` is None where all is to be
    looked at: then code is unchanged where an earlier finding's quote still stands as it was.
    """
    kept = [remark for remark in found if remark.disposition is Disposition.KEPT]
    before = [
        (one, _heirs([remark for remark in kept if _repeats(remark, one, news)], one, news, diff))
        for one in recalled(earlier, news, diff)
    ]
    return tuple(
        _judged(
            remark,
            [one.origin for one, heirs in before if any(remark is heir for heir in heirs)],
            others,
            news,
        )
        if remark.disposition is Disposition.KEPT
        else remark
        for remark in found
    )


def same_words(remark: Remark, said: Remark) -> bool:
    """Whether one says what the other says, wherever they are."""
    one, other = remark.finding, said.finding
    return (
        _are_equal(remark.text_fingerprint, said.text_fingerprint)
        or alike(one.title, other.title)
        or (close(one.title, other.title) and alike(one.body, other.body))
    )


def _heirs(
    repeats: Sequence[Remark], before: Recalled, news: News | None, diff: Diff
) -> Sequence[Remark]:
    """Without those that are outdone in repeating code which was edited: it became one place.

    That is the place nearest to the old one if its code is also the most like; else all of them.
    """
    changed = [one for one in repeats if _is_changed(one.anchor, before, None, news)]
    if not before.is_changed or not changed:
        return repeats
    old, quote = span(before.anchor), before.quote
    now = became(before, news, diff)
    if now and all(distance(span(one.anchor), (now.line, now.line)) > BESIDE for one in changed):
        # No remark is about what it became: there it is mended. Old numbers may be off by some.
        farthest = max(distance((now.line, now.line), old) - NEAR, 0)
        closest = now.likeness
    else:
        heir = min(changed, key=lambda one: distance(span(one.anchor), old))
        farthest = distance(span(heir.anchor), old) + NEAR
        closest = likeness(heir.finding.quote, quote)
    return [
        one
        for one in repeats
        if one not in changed
        or distance(span(one.anchor), old) <= farthest
        or likeness(one.finding.quote, quote) >= closest
    ]


def _judged(
    remark: Remark, same: Sequence[Earlier], others: Iterable[Thread], news: News | None
) -> Remark:
    declined = [one for one in same if one.outcome is Outcome.DISMISSED]
    if declined:
        why = one_line(declined[0].evidence, 120)
        return replace(
            remark,
            disposition=Disposition.DISMISSED,
            reason=f"round {declined[0].round} said so, and it was declined: {why}".rstrip(": "),
            repeats=declined[0].id,
        )
    if same:
        reason = f"round {same[0].round} said so"
        return replace(remark, disposition=Disposition.REPEATED, reason=reason, repeats=same[0].id)
    if said := next((said for thread in others for said in _said_there(remark, thread)), None):
        reason = f"{one_line(said.author, 40)} said so"
        return replace(remark, disposition=Disposition.REPEATED, reason=reason)
    if news is None or not _is_old(remark.anchor, news):
        return remark
    if remark.finding.severity is Severity.LOW:
        return replace(remark, disposition=Disposition.UNCHANGED, reason=NOT_CHANGED)
    anchor = replace(
        remark.anchor, placement=Placement.SUMMARY, note=NOT_CHANGED, replaceable=False
    )
    return replace(remark, anchor=anchor)


def _is_old(anchor: Anchor, news: News) -> bool:
    """Whether an earlier review saw what this is about; what is in no diff was never shown."""
    if anchor.placement is Placement.LINE:
        return not news.touches(anchor.path, anchor.side, *span(anchor))
    in_file = anchor.placement is Placement.FILE
    return in_file and all(path != anchor.path for path, _, _ in news.fresh)


def _repeats(remark: Remark, before: Recalled, news: News | None) -> bool:
    """The rule that this file begins with."""
    anchor, there = remark.anchor, before.anchor
    if anchor.path != there.path:
        return False
    finding, said = remark.finding, before.remark.finding
    is_placed = anchor.placement is there.placement is Placement.LINE and anchor.side is there.side
    apart = distance(span(anchor), span(there)) if is_placed else None
    stands_elsewhere = apart is not None and apart > 0 and not before.is_changed
    here = apart == 0 or (not stands_elsewhere and similar_code(finding.quote, said.quote))
    sounds_so = same_words(remark, before.remark)
    if _is_changed(anchor, before, apart, news):
        is_edit = not stands_elsewhere and similar_code(finding.quote, before.quote)
        return sounds_so and (apart == 0 or is_edit)
    if sounds_so and (here or apart is None or apart <= NEAR):
        return True
    is_worse = finding.severity.rank < said.severity.rank
    same_kind = (finding.rule or finding.category) == (said.rule or said.category)
    same_code = (here and _of_one_size(finding.quote, said.quote)) or _are_equal(
        remark.fingerprint, before.remark.fingerprint
    )
    return same_kind and same_code and not (is_worse and _strange(finding, said))


def _is_changed(anchor: Anchor, before: Recalled, apart: int | None, news: News | None) -> bool:
    """Whether the lines of a remark are new since the earlier finding."""
    if anchor.placement is not Placement.LINE:
        return False
    if news is None:
        return before.is_changed or apart != 0
    return news.touches(anchor.path, anchor.side, *span(anchor))


def _of_one_size(one: str, other: str) -> bool:
    """Whether quotes have so nearly as many lines that they are hardly about different things."""
    few, many = sorted(quote.strip().count("\n") + 1 for quote in (one, other))
    return many <= MOST_TIMES * few


def _are_equal(one: str, other: str) -> bool:
    """Whether two fingerprints are the same one; a remark of another origin may have none."""
    return bool(one) and one == other


def _strange(one: Finding, other: Finding) -> bool:
    return strange(f"{one.title}\n{one.body}", f"{other.title}\n{other.body}")


def _said_there(remark: Remark, thread: Thread) -> Iterator[Said]:
    """The comments of others that say on the lines of the remark what it says."""
    anchor = remark.anchor
    if thread.path != anchor.path or thread.side is not anchor.side:
        return
    if thread.line is not None:
        place_of = (thread.start_line or thread.line, thread.line)
        if distance(span(anchor), place_of) > BESIDE:
            return
    title, body = remark.finding.title, remark.finding.body
    for said in thread.said[:MOST_REPLIES]:
        text = "\n".join(own_words(said.body[:LONGEST_SAID]).lines)
        common = words(text) & words(f"{title}\n{body}")
        if not said.is_ours and (
            alike(title, text) or (len(common) > 2 and close(title, text) and alike(body, text))
        ):
            yield said
