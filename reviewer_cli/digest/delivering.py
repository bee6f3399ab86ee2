"""Sending what waits: each digest to each channel once, and never again without knowing.

A row says `sending` from just before anything goes out. What a process that died left so is sent
again where that does no harm, and is otherwise named until a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo

from reviewer_cli.core.backoff import delay
from reviewer_cli.core.periods import Span, iso, named_week
from reviewer_cli.digest.due import span_name
from reviewer_cli.digest.notice import Masked, notice
from reviewer_cli.digest.zones import zone_called
from reviewer_cli.errors import ReviewerError, defect
from reviewer_cli.ledger import digests
from reviewer_cli.ledger.outbox import Delivery, Outbox, Stage
from reviewer_cli.ledger.store import Store
from reviewer_cli.ports.notices import Channel, Notice, PerhapsSent
from reviewer_cli.telemetry import shown

DIED = "the process that sent it died; it may have arrived"
GONE = "there is no such channel any more"
OLDER = "a newer digest took its place"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlets:
    """All that delivering acts through. Durations are seconds.

    `channel` opens one by its name, None where it is not configured any more; `chance` gives a
    number in [0, 1), `clock` seconds since the epoch.
    """

    store: Store
    channel: Callable[[str], Channel | None]
    masked: Masked
    clock: Callable[[], float]
    chance: Callable[[], float]
    sleep: Callable[[float], None]
    first_retry_s: float
    longest_retry_s: float


@dataclass(frozen=True, slots=True)
class _Begun:
    """A delivery that takes a second step."""

    one: Delivery
    channel: Channel
    notice: Notice


def deliver(outlets: Outlets) -> tuple[str, ...]:
    """Send whatever is due, and say in sentences what did not come; empty where all is well.

    Call it under the lock of the state directory. Whatever fails concerns its own row alone.
    """
    round_ = _Round(outlets)
    open_rows = round_.outbox.open()
    for one in open_rows:
        if one.state is Stage.SENDING:
            round_.take_over(one)
    if open_rows:
        round_.send_all()
    return tuple(round_.said)


def unsettled(deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """What of them waits for another try or for a person, in sentences."""
    return tuple(filter(None, map(_standing, deliveries)))


class _Round:
    """One look at everything that waits."""

    def __init__(self, outlets: Outlets) -> None:
        self.said: list[str] = []
        self.outbox = Outbox(outlets.store)
        self._outlets = outlets

    def take_over(self, one: Delivery) -> None:
        """What a dead process was sending: it may have come.

        Nobody can tell whether it may be repeated where the channel cannot be opened.
        """
        now = self._outlets.clock()
        try:
            channel = self._outlets.channel(one.channel)
        except Exception as error:  # noqa: BLE001 - one row never keeps back the others
            self.said.append(f"{_unfinished(one)} {_sentence(_reason(error))}")
            return
        if channel is not None and channel.is_repeatable:
            self.outbox.put_off(one.delivery_id, now, now, DIED)
        else:
            self._unsure(one, DIED)

    def send_all(self) -> None:
        """Every row that is due: first what takes one step, then what takes two."""
        now = self._outlets.clock()
        waiting = [one for one in self.outbox.open() if one.state is Stage.WAITING]
        begun = [self._send(one) for one in waiting if one.next_due_at <= now]
        left = [each for each in begun if each is not None]
        if left:
            self._outlets.sleep(max(each.channel.pause_s for each in left))
        for each in left:
            self._finish(each)

    def _send(self, one: Delivery) -> _Begun | None:
        is_out = False
        try:
            channel = self._outlets.channel(one.channel)
            if channel is None:
                self._dropped(one, GONE)
                return None
            if channel.keeps_newest and self.outbox.is_outdated(one):
                self._dropped(one, OLDER)
                return None
            news = self._notice(one, channel)
            if not self.outbox.take(one.delivery_id, self._outlets.clock()):
                return None
            is_out = not channel.is_repeatable
            if not channel.send(news):
                return _Begun(one, channel, news)
        except Exception as error:  # noqa: BLE001 - the same
            self._failed(one, error, is_out=is_out)
        else:
            self.outbox.delivered(one.delivery_id, self._outlets.clock())
        return None

    def _finish(self, begun: _Begun) -> None:
        one = begun.one
        try:
            begun.channel.finish(begun.notice)
        except Exception as error:  # noqa: BLE001 - the same
            self._failed(one, error, is_out=not begun.channel.is_repeatable)
        else:
            self.outbox.delivered(one.delivery_id, self._outlets.clock())

    def _notice(self, one: Delivery, channel: Channel) -> Notice:
        span = Span(one.since, one.until)
        kept = digests.find(self._outlets.store, span, one.scope)
        if kept is None:
            raise ReviewerError("The digest is gone from the ledger; restore a backup.")
        period = span_name(span, _zone(one))
        masked = self._outlets.masked
        made = notice(kept.numbers, period, masked, shows_titles=channel.shows_titles)
        # Before anything goes out, so that what fails here can surely be tried again.
        texts = {form: made.text(form) for form in channel.forms}
        return replace(made, scope=one.scope, text=texts.__getitem__)

    def _failed(self, one: Delivery, error: Exception, *, is_out: bool) -> None:
        """Try it again later, unless it may have come and would come twice."""
        said = _reason(error)
        is_known = isinstance(error, ReviewerError) and not isinstance(error, PerhapsSent)
        if is_out and not is_known:
            self._unsure(one, said)
            return
        now, outlets = self._outlets.clock(), self._outlets
        wait_s = delay(
            one.attempts + 1,
            first_s=outlets.first_retry_s,
            longest_s=outlets.longest_retry_s,
            chance=outlets.chance(),
        )
        self.outbox.put_off(one.delivery_id, now + wait_s, now, said)
        again = iso(now + wait_s, UTC)
        self.said.append(f"{_missing(one, said)} It is tried again from {again} on.")

    def _unsure(self, one: Delivery, said: str) -> None:
        self.outbox.unsure(one.delivery_id, self._outlets.clock(), said)
        self.said.append(_doubtful(one, said))

    def _dropped(self, one: Delivery, why: str) -> None:
        self.outbox.drop(one.delivery_id, self._outlets.clock(), why)
        self.said.append(_missing(one, why))


def _standing(one: Delivery) -> str:
    if one.state is Stage.SENDING:
        return _unfinished(one)
    if one.state is Stage.UNSURE:
        return _doubtful(one, one.error or DIED)
    if one.state is Stage.DROPPED:
        return ""  # it was said when it was
    return _missing(one, one.error) if one.error else ""


def _missing(one: Delivery, why: str) -> str:
    return f"The digest of {_about(one)} did not reach {one.channel}: {_sentence(why)}"


def _doubtful(one: Delivery, why: str) -> str:
    return (
        f"Whether the digest of {_about(one)} reached {one.channel} is not known: {_sentence(why)} "
        f"Look there; `reviewer digest {_options(one)} --deliver --again {one.channel}` sends it "
        "once more."
    )


def _unfinished(one: Delivery) -> str:
    return (
        f"The digest of {_about(one)} is being sent to {one.channel}, or the process that sent it "
        "died and it may have arrived; the next sweep looks after it."
    )


def _reason(error: Exception) -> str:
    return shown(str(error)) if isinstance(error, ReviewerError) else f"{defect(error)}."


def _about(one: Delivery) -> str:
    period = span_name(Span(one.since, one.until), _zone(one))
    return f"{one.scope}, {period}" if one.scope else period


def _options(one: Delivery) -> str:
    zone = _zone(one)
    span = Span(one.since, one.until)
    if (week := named_week(span, zone)) is not None:
        return f"--week {week}"
    first, last = (day[:10] for day in (iso(one.since, zone), iso(one.until - 1, zone)))
    return f"--since {first} --until {last}"


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _zone(one: Delivery) -> tzinfo:
    """That of the digest, or UTC where this machine does not know it any more."""
    try:
        return zone_called(one.zone)
    except ValueError:
        return UTC
