"""Digests as messages through apprise: mail, Slack, Teams and the other services it knows.

One URL is one channel and one message. What apprise 2.2 answers is never True itself, and counts
what it gave up waiting for; both are read here from the attempts it lists. Its own words of what
failed are its log, which is kept from every other log: it may hold an address with its secret.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from reviewer_cli.core.health import Sign, amber, green
from reviewer_cli.core.sanitise import one_line
from reviewer_cli.errors import ConfigurationError, HostUnavailable, ReviewerError
from reviewer_cli.ports.notices import Form, Notice, PerhapsSent
from reviewer_cli.scratch import temporary_directory
from reviewer_cli.telemetry import SECRETS

if TYPE_CHECKING:
    from apprise import AppriseAsset, AppriseResult, NotifyBase

ANSWER_S = 30.0
"""What a service gets to answer in; apprise's own 4 seconds make a slow one get it twice."""
WORDS = re.compile(r"[/:@?&=#,;\s]+")
"""What stands between the parts of an address."""
LIKE_A_TOKEN = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).{16,}")
"""Some services' addresses have one in their path, where apprise does not know it."""
# What requests, urllib3 and smtplib say when the message was out and its answer did not come.
LOST_ANSWER = re.compile(
    r"Read timed out|Connection aborted|Connection broken|RemoteDisconnected|IncompleteRead|"
    r"unexpectedly closed|Connection reset"
)
PART_SENT = re.compile("Sent ")
"""How apprise begins to tell of a request that was taken."""
MISSING = (
    "Messages need a library, reviewer's extra 'notify'; docs/deliveries.md says how to install it."
)
REFUSED = (
    "{name}.url is no address that apprise can send to; see https://appriseit.com/services/ for "
    "how each service is written."
)


class ServiceChannel:
    """Sends the brief digest to one address of apprise's."""

    is_repeatable = False
    keeps_newest = False
    pause_s = 0.0

    def __init__(
        self, name: str, url: str, form: str | None, *, attach: bool, shows_titles: bool
    ) -> None:
        """`form` is markdown, html or text, None for the service's own; with `attach` the page too.

        Raises ConfigurationError where apprise is missing or knows no such address.
        """
        self.name = name
        self.shows_titles = shows_titles
        self._attach = attach
        _hush()
        self._asset = _asset()
        self._service = _service(name, url, self._asset)
        if form is not None:
            _write_as(self._service, form)

    @property
    def forms(self) -> tuple[Form, ...]:
        """The words, and the page where it can be attached."""
        takes_page = self._attach and self._service.attachment_support
        return (Form.BRIEF, Form.HTML) if takes_page else (Form.BRIEF,)

    def send(self, notice: Notice) -> bool:
        """One message; raises HostUnavailable when it was refused, PerhapsSent when who knows."""
        with ExitStack() as until_it_is_out:
            page = _page(notice, until_it_is_out) if Form.HTML in self.forms else None
            self._judge(self._notify(notice.title, notice.text(Form.BRIEF), page))
        return True

    def finish(self, notice: Notice) -> None:
        """Nothing is left."""

    def examine(self) -> Iterator[Sign]:
        """What can be said without a message."""
        said = f"{self._service.service_name}, by apprise"
        if self._attach and not self._service.attachment_support:
            yield amber(
                self.name, f"{said}: it takes no attachments", "leave attach out for this service"
            )
        else:
            yield green(self.name, f"{said}: its address can be read; nothing was sent")

    def close(self) -> None:
        """Nothing is open."""

    def _notify(self, title: str, brief: str, page: Path | None) -> AppriseResult:
        from apprise import Apprise, NotifyFormat

        _hush()
        # One object for one address: with several, a failing one makes the others repeat.
        return Apprise(self._service, asset=self._asset).notify(
            body=brief,
            title=title,
            body_format=NotifyFormat.MARKDOWN,
            attach=None if page is None else str(page),
            log_level=logging.DEBUG,
        )

    def _judge(self, result: AppriseResult) -> None:
        """Nothing where it came; only the last attempt counts where the address asks for more."""
        attempts = [attempt for service in result for attempt in service]
        if attempts and attempts[-1]:
            return
        logged = [entry for attempt in attempts for entry in attempt]
        told = "; ".join(one.message for one in logged if one.level in ("WARNING", "ERROR"))
        said = one_line(SECRETS.redacted(told), 300) or "apprise does not say why"
        # A message and its attachment may be two requests, of which the first one came.
        is_part_sent = any(one.level == "INFO" and PART_SENT.match(one.message) for one in logged)
        if is_part_sent or any(LOST_ANSWER.search(one.message) for one in logged):
            raise PerhapsSent(f"it was out when it failed ({said})")
        raise HostUnavailable(f"the service did not take it ({said})")


def _page(notice: Notice, stack: ExitStack) -> Path:
    """The page as a file that is there as long as the stack."""
    try:
        page = stack.enter_context(temporary_directory()) / f"reviews-{notice.period}.html"
        page.write_text(notice.text(Form.HTML), encoding="utf-8")
    except OSError as error:
        raise ReviewerError(
            f"The attachment cannot be written ({error.strerror}); make room in the system's "
            "directory of temporary files, and let this user write there."
        ) from error
    return page


def _service(name: str, url: str, asset: AppriseAsset) -> NotifyBase:
    from apprise import Apprise, OverflowMode

    made = Apprise.instantiate(url, asset=asset)
    if made is None:
        raise ConfigurationError(REFUSED.format(name=name))
    _remember_secrets(made)
    if made.optional:
        raise ConfigurationError(
            f"{name}.url says optional=yes, by which apprise calls a failure a success; take it "
            "out."
        )
    if len(made) > 1:
        raise ConfigurationError(
            f"{name}.url has {len(made)} targets, and where one of them fails all would get the "
            "digest again; give each a table of its own."
        )
    # A second part would repeat the first one where it fails.
    made.overflow_mode = OverflowMode.TRUNCATE
    made.socket_read_timeout = max(made.socket_read_timeout, ANSWER_S)
    return made


def _asset() -> AppriseAsset:
    try:
        from apprise import AppriseAsset, PersistentStoreMode
    except ImportError as error:
        raise ConfigurationError(MISSING) from error
    return AppriseAsset(
        app_id="reviewer",
        app_desc="reviewer",
        async_mode=False,
        # What was meant for one server is sent to no other.
        http_redirects=False,
        interpret_emojis=False,
        pem_autogen=False,
        pgp_autogen=False,
        # Without it apprise runs it in a thread of its own, and gives up on it while it goes on.
        service_timeout=0,
        storage_mode=PersistentStoreMode.MEMORY,
    )


def _remember_secrets(service: NotifyBase) -> None:
    """Blank from now on what of the address apprise would not show, and what looks like a token."""
    open_, whole = (str(service.url(privacy=one)) for one in (True, False))  # type: ignore[no-untyped-call]
    parts = set(WORDS.split(whole))
    hidden = parts - set(WORDS.split(open_))
    for part in hidden | set(filter(LIKE_A_TOKEN.fullmatch, parts)):
        SECRETS.add(part)
        SECRETS.add(unquote(part))


def _write_as(service: NotifyBase, form: str) -> None:
    from apprise import NotifyFormat

    service.notify_format = NotifyFormat(form)


def _hush() -> None:
    """What apprise logs is heard by its results alone, down to what tells a lost answer."""
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
