"""The same problem is recognised in other words, and two problems of one thing are told apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewer_cli.core.words import alike, close, shared, similar_code, strange, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "SQL query is built by string concatenation",
            "User input concatenated into SQL query string",
        ),
        ("File handle is never closed", "The opened file is not closed"),
        ("Missing null check before dereferencing user", "user may be None when dereferenced"),
        ("Race condition on shared counter", "Shared counter is updated without a lock (race)"),
        ("Division by zero when list is empty", "An empty list leads to division by zero"),
        ("Password is logged in plain text", "Plain-text password written to the log"),
        ("Timeout is not passed to requests.get", "requests.get is called without a timeout"),
        ("eval on untrusted input", "Untrusted input is passed to eval"),
        ("Exception is swallowed silently", "The exception is silently ignored"),
        ("Unused import os", "The import of os is unused"),
        ("maxRetries is ignored", "max_retries gets ignored"),
        ("文件没有关闭", "打开的文件没有关闭"),
        ("Файл не закрыт", "файл снова не закрыт"),
    ],
)
def test_one_problem_in_other_words_is_one(one: str, other: str) -> None:
    assert alike(one, other)
    assert alike(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("File handle is never closed", "File path is not validated"),
        ("user_id is not validated", "user_id is logged in plain text"),
        ("Password is logged in plain text", "Password is compared in non-constant time"),
        ("Division by zero when list is empty", "List is sorted in the wrong order"),
        ("Timeout is not passed to requests.get", "requests.get ignores certificate errors"),
        ("Missing null check before using user", "Missing permission check before deleting user"),
        ("Race condition on shared counter", "Shared counter overflows"),
        ("Exception is swallowed silently", "Exception message leaks the token"),
        ("Total is computed with the wrong sign", "Total may overflow"),
        ("文件没有关闭", "缺少权限检查"),
        ("Returns 200", "Returns 404 here"),
        ("Is it?", "Was it?"),
        ("", "x"),
    ],
)
def test_two_problems_of_one_thing_are_two(one: str, other: str) -> None:
    assert not alike(one, other)
    assert not alike(other, one)


def test_close_is_weaker_than_alike_and_strange_is_its_opposite() -> None:
    one, other = (
        "Wrong operator: subtraction instead of addition",
        "Subtracts where addition is meant",
    )
    assert close(one, other)
    assert not alike(one, other)
    assert not strange(one, other)
    assert not close(
        "Race on the shared counter of late workers", "Shared counter wraps at billions of requests"
    )
    assert strange("File is not closed", "Division by zero")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("handle = open(path)", "handle = open(path, 'r')", True),
        ("handle = open(path)", "    handle  =  open(path)", True),
        ("a = f(x)\nb = g(y)", "b = g(y)", True),
        ("x", "x", True),
        ("}", "  }", True),
        ("}", ")", False),
        ("", "", False),
        ("x", "x = y + z", False),
        ("return total / count", "raise KeyError(name)", False),
    ],
)
def test_code_is_recognised_after_an_edit(one: str, other: str, same: bool) -> None:
    assert similar_code(one, other) is same
    assert similar_code(other, one) is same


@given(st.text(max_size=300))
def test_every_text_has_words_and_is_like_itself(text: str) -> None:
    assert words(text)
    assert alike(text, text)
    assert not strange(text, text)


@given(st.lists(st.text(alphabet="abcdefgs ing文件没XY_1", max_size=60), min_size=1, max_size=4))
def test_shared_words_are_words_of_all(texts: list[str]) -> None:
    told = shared(texts)
    if told:
        assert all(words(" ".join(told)) <= words(text) for text in texts)
