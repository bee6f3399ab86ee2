"""Checks that need no model: the same diff always gives the same findings, on added lines only.

They exist apart from the model so that nothing a pull request says can talk them away.
"""

from __future__ import annotations

from reviewer_cli.core.checks.conflicts import conflict_markers
from reviewer_cli.core.checks.invisible import invisible_characters
from reviewer_cli.core.checks.secrets import hidden_quotes, leaks, safe_quote, secrets
from reviewer_cli.core.diff import Diff, FileDiff, Places
from reviewer_cli.core.models import Finding


def check_diff(diff: Diff, fresh: Places | None = None) -> tuple[Finding, ...]:
    """Every finding of every check; no text and no quote in them repeats a secret of the diff.

    A finding tells of lines that are all `fresh`, which no earlier round saw, or none of them.
    """
    return tuple(finding for file in diff.files for finding in _check_file(file, fresh))


def _check_file(file: FileDiff, fresh: Places | None) -> tuple[Finding, ...]:
    found = leaks(file)
    hidden = hidden_quotes(found)
    others = (*conflict_markers(file), *invisible_characters(file, fresh))
    return (*(safe_quote(one, hidden) for one in others), *secrets(file.path, found, fresh))
