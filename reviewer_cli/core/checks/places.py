"""What a path says about a file: samples matter less than code, prose may hold what code may not.

Names only; the content is never asked, so that a pull request cannot argue about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from reviewer_cli.core.models import Severity

SAMPLE_DIRECTORY = re.compile(
    r"docs?|documentation|examples?|samples?|demos?|templates?|fixtures?|mocks|__mocks__"
    r"|tests?|testing|testdata|test-data|__tests__|specs?|e2e",
    re.IGNORECASE,
)
SAMPLE_NAME = re.compile(
    r"test_.*|conftest\.py|.*[._-](?:test|tests|spec|example|sample|template|dist)(?:\.\w+)?",
    re.IGNORECASE,
)
PROSE_NAME = re.compile(
    r".*\.(?:md|markdown|mdx|rst|txt|adoc|asciidoc|org|tex|x?html?|po|pot|ftl|arb|strings|resx"
    r"|xliff|xlf|srt|vtt|csv|tsv)",
    re.IGNORECASE,
)
LOCALE_DIRECTORY = re.compile(r"_?locales?|i18n|l10n|translations?", re.IGNORECASE)
GENERATED_NAME = re.compile(
    r".*\.(?:lock|lockb|sum|ipynb|svg|map|snap)|.*\.min\.(?:js|css)|.*-lock\.(?:json|ya?ml)"
    r"|npm-shrinkwrap\.json",
    re.IGNORECASE,
)
SETTINGS_NAME = re.compile(
    r"\.env(?:\..+)?|.*\.(?:env|ini|cfg|conf|properties|ya?ml|toml|tfvars|envrc)", re.IGNORECASE
)
TEST_DIRECTORY = re.compile(r"tests?|testing|__tests__|e2e|specs?", re.IGNORECASE)
TEST_NAME = re.compile(r"test_.*|conftest\.py|.*[._-]tests?(?:\.\w+)?", re.IGNORECASE)


def is_sample(path: str) -> bool:
    """Tests, fixtures, examples and documentation: made-up values are normal there."""
    return _stands_in(path, SAMPLE_DIRECTORY) or bool(SAMPLE_NAME.fullmatch(_name(path)))


def is_test(path: str) -> bool:
    """Code that only a test runner runs."""
    return _stands_in(path, TEST_DIRECTORY) or bool(TEST_NAME.fullmatch(_name(path)))


def is_prose(path: str) -> bool:
    """Text for people, in whatever language they read; translations belong here too.

    Whatever its format, a file in a directory of translations counts as one.
    """
    return bool(PROSE_NAME.fullmatch(_name(path))) or _stands_in(path, LOCALE_DIRECTORY)


def is_generated(path: str) -> bool:
    """Lock files, bundles and notebooks' output: full of long random strings that mean nothing."""
    return bool(GENERATED_NAME.fullmatch(_name(path)))


def is_settings(path: str) -> bool:
    """Formats in which a value may stand without quotation marks."""
    return bool(SETTINGS_NAME.fullmatch(_name(path)))


def softened(severity: Severity, path: str) -> Severity:
    """Two grades milder in a sample, where what looks wrong is mostly there on purpose."""
    grades = list(Severity)
    return grades[min(severity.rank + 2, len(grades) - 1)] if is_sample(path) else severity


def lines_named(numbers: Sequence[int], most: int = 20) -> str:
    """`line 3`, `lines 3 and 7` or `lines 3, 7 and 30 more`, for a finding that merges several."""
    shown, rest = [str(number) for number in numbers[:most]], len(numbers) - most
    if rest > 0:
        shown.append(f"{rest} more")
    if len(shown) == 1:
        return f"line {shown[0]}"
    return f"lines {', '.join(shown[:-1])} and {shown[-1]}"


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _stands_in(path: str, directory: re.Pattern[str]) -> bool:
    return any(directory.fullmatch(part) for part in path.split("/")[:-1])
