"""The one tree of exceptions: each says what the user can do and which exit code it ends with.

Foreign exceptions are translated into this tree at the door they come in by, chained with `from`.
Exit codes follow sysexits(3) where it has one: 75 EX_TEMPFAIL, 77 EX_NOPERM, 78 EX_CONFIG.
"""

from __future__ import annotations

import os


class ReviewerError(Exception):
    """Something failed; the message is one sentence that tells the user what to do next."""

    exit_code = 1


class UsageError(ReviewerError):
    """The command line names something that does not exist or does not fit."""

    exit_code = 2


class ConfigurationError(ReviewerError):
    """reviewer.toml or the environment cannot be used as it is."""

    exit_code = 78


class LedgerRefused(ReviewerError):
    """The file is damaged, newer than this program, or not a ledger; it is left untouched."""

    exit_code = 78


class LedgerUnwritable(ReviewerError):
    """A ledger write failed (disk full, input/output error, locked); the transaction was undone."""


class AlreadyRunning(ReviewerError):
    """Another sweep holds the lock of this state directory."""

    exit_code = 75


class AccessRefused(ReviewerError):
    """A key or token is missing, wrong or revoked: nobody's review can go on until it is mended."""

    exit_code = 77


class SecretsOutOfReach(ReviewerError):
    """What keeps the secrets (Vault, a cloud's manager) does not answer now; later it may."""

    exit_code = 75


class ProviderWait(ReviewerError):
    """The model provider or the host asked everybody to wait.

    `retry_after` is the provider's own hint in seconds, None when it gave none.
    """

    exit_code = 75

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ProviderDown(ProviderWait):
    """The model provider failed for everybody; a later sweep asks it once before all else."""


class RepositoryUnusable(ReviewerError):
    """One repository cannot be polled or fetched; the others go on."""


class LeaseLost(ReviewerError):
    """Another process took this head over: stop at once and write nothing more about it."""


class HeadError(ReviewerError):
    """One head could not be reviewed or posted; a later tick tries again until its attempts end.

    `permanent` errors end them at once; those that wait for a person never do.
    """

    permanent = False
    waits_for_person = False


class InvalidReply(HeadError):
    """The reply is unreadable, empty or breaks the schema: an error, never a clean review."""


class ReviewTimeout(HeadError):
    """The review did not end before its deadline and was stopped."""


class BudgetReached(HeadError):
    """The review would have cost more than it may."""


class TurnsUsedUp(HeadError):
    """The engine used all its turns without an answer."""


class ProviderUnavailable(HeadError):
    """The model provider is overloaded or out of reach; several in a row concern everybody."""


class HeadRejected(HeadError):
    """This head can never be reviewed as it is; it is buried at once with the reason."""

    permanent = True


class SecretInOutput(HeadRejected):
    """A secret stands in what would have been posted: nothing is, and a person has to look."""


class NoCommonHistory(HeadRejected):
    """The head and its base have no merge base, so there is no diff to review."""


class SweepDied(HeadError):
    """The process died while this head was in work: perhaps by chance, perhaps because of it."""

    def __init__(self, attempt: int = 0) -> None:
        alone = f", for the last time at attempt {attempt} with nothing else" if attempt else ""
        super().__init__(f"a sweep died while working on it{alone}")


class DraftGone(HeadError):
    """The prepared review is no longer on the host; it has to be prepared anew."""


class HostUnavailable(HeadError):
    """The code host failed or could not be reached; asking again later may help."""

    exit_code = 75


class PostingForbidden(HeadError):
    """The credential is good but may not post to this repository; others are not concerned.

    It costs the head no attempt: the next sweep asks once whether a person has mended it.
    """

    waits_for_person = True


class HeadGone(HeadError):
    """The head moved, was merged or closed; it is superseded instead of posted.

    `successor` is the SHA that took its place, None when the pull request is gone.
    """

    def __init__(self, message: str, *, successor: str | None = None) -> None:
        super().__init__(message)
        self.successor = successor


def defect(error: BaseException) -> str:
    """What may be said of an exception that nobody expected: its type and where it was raised.

    Never its message, which can hold anything, a secret included.
    """
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "an unknown place"
    if trace is not None:
        code = trace.tb_frame.f_code
        place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} in {code.co_name}"
    return f"A defect of reviewer itself: {type(error).__name__} at {place}"
