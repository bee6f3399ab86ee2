from __future__ import annotations

import time

import pytest

from reviewer_cli.core.globs import matches, matches_any


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        # a name without a slash, at any depth
        ("*.py", "a.py", True),
        ("*.py", "x/y/a.py", True),
        ("*.py", "a.pyc", False),
        ("?.py", "ab.py", False),
        ("[ab].py", "b.py", True),
        ("[!ab].py", "b.py", False),
        ("A.py", "a.py", False),
        ("docs", "docs/x.md", True),
        ("docs", "x/docs/y/z.md", True),
        ("docs", "docs2/x.md", False),
        # a slash at the end: directories only
        ("docs/", "docs/x.md", True),
        ("docs/", "a/docs/x.md", True),
        ("docs/", "docs", False),
        ("docs/", "a/docs", False),
        # a slash elsewhere ties the pattern to the root
        ("/a.py", "a.py", True),
        ("/a.py", "x/a.py", False),
        ("src/*.py", "src/a.py", True),
        ("src/*.py", "src/x/a.py", False),
        ("src/*.py", "x/src/a.py", False),
        ("src/x", "src/x/y/z", True),
        # any number of directories
        ("**/a.py", "a.py", True),
        ("**/a.py", "x/y/a.py", True),
        ("src/**", "src/a/b", True),
        ("src/**", "src", False),
        ("src/**", "x/src/a", False),
        ("src/**/a.py", "src/a.py", True),
        ("src/**/a.py", "src/x/y/a.py", True),
        ("src/**/a.py", "x/src/a.py", False),
        ("**/test/**", "a/test/b", True),
        ("**/test/**", "test/b/c", True),
        ("**/test/**", "a/test", False),
        ("**", "a", True),
        ("**/", "a", False),
        ("**/", "a/b", True),
        # nothing
        ("", "a", False),
        ("/", "a", False),
        ("!a", "a", False),
    ],
)
def test_patterns_read_as_in_gitignore(pattern: str, path: str, expected: bool) -> None:
    assert matches(pattern, path) is expected


def test_any_of_several() -> None:
    assert matches_any(["*.md", "*.py"], "a.py")
    assert not matches_any([], "a.py")


def test_a_malicious_pattern_takes_no_time() -> None:
    started = time.monotonic()
    assert not matches("**/a/" * 50 + "x", "a/" * 200 + "b")
    assert not matches("*a" * 30 + "b", "a" * 200)
    assert time.monotonic() - started < 1
