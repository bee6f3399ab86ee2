"""A neutral check run beside a review: its counts, for those who look at checks first."""

from __future__ import annotations

import logging
from urllib.parse import quote

from reviewer_cli.core.models import Review
from reviewer_cli.errors import ReviewerError
from reviewer_cli.hosts.github.connection import Connection

LOGGER = logging.getLogger("reviewer")
NAME = "reviewer"


def report(connection: Connection, review: Review) -> None:
    """Make the check run; the review stands without it, so a failure is only logged.

    It is neutral, whatever was found: an unattended reviewer informs, people decide. Needs the
    permission checks: write.
    """
    headline = review.body.partition("\n\n")[0].strip("*")
    body = {
        "name": NAME,
        "head_sha": review.key.sha,
        "status": "completed",
        "conclusion": "neutral",
        "output": {"title": headline, "summary": f"{len(review.comments)} comments on lines."},
    }
    try:
        connection.write("POST", f"/repos/{quote(review.key.repo)}/check-runs", body)
    except ReviewerError as error:
        LOGGER.warning("No check run for %s: %s", review.key, error)
