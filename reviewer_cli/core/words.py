"""Whether two texts speak of the same thing, by the words in them; and two pieces of code."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

ALIKE = 0.5
"""Share of common words among all of two texts from which they are taken for one problem."""

CONTAINED = 0.7
"""Share of the shorter text's words from which the longer one is taken to say them too."""

CLOSE = 0.5
"""The same share for two texts that may say the same, if more than their words speaks for it."""

SIMILAR = 0.5
"""Share of common names and numbers from which code is taken for an edit of other code."""

LONGEST = 2_000
"""Characters that are compared; what a comment is about is said at its beginning."""

MOST_LINES = 20
"""Lines of a piece of code that are compared one by one; a quote seldom has more."""

EMPTY = frozenset(
    re.findall(
        r"\w+",
        """
        about after again all already also and any are because been before being both but can
        cannot could did does doing done each either else even ever every for from get gets given
        had has have having here how however instead into its itself just like make makes may
        might more most much must now off once one only onto other our out over please possible
        possibly potential potentially rather same shall should since some something still such
        than that the their them then there therefore these they this those though through thus
        too under until upon use used uses using very via was way were what when where whether
        which while who why will with within would yet you your absent lack lacking lacks miss
        misses missing neither never non nor not without call called calling calls check checked
        checking checks code function line lines method pass passed passes passing value values
        variable
        """,
    )
)
"""Words that any remark may have; that something is not there is said in too many ways."""

SAME = {"nil": "null", "none": "null", "undefined": "null"}
"""Words for one thing."""

# A run of a script that is written without spaces, a word of camelCase or snake_case, a number.
WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u9fff]+|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z\u3040-\u30ff\u3400-\u9fff]+"
    r"|\d{2,}"
)
UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
ENDING = re.compile(
    r"(?:ations?|ating|ated|ates?|[ts]ions?|ment|ness|ing|edly|ed|ies|ily|es|ly|s|e|y)$"
)
DOUBLED = re.compile(r"([^aeiouls])\1$")
STEM = 6
"""Letters that a stem has at most: `concatenated` and `concat` are one word."""


def alike(one: str, other: str) -> bool:
    """Whether two short texts, such as titles, say the same in nearly the same words."""
    left, right = words(one), words(other)
    common = len(left & right)
    return common >= ALIKE * len(left | right) or (
        common > 1 and common >= CONTAINED * min(len(left), len(right))
    )


def close(one: str, other: str) -> bool:
    """Whether two short texts may say the same; both could also be about one thing's two faults."""
    left, right = words(one), words(other)
    common = len(left & right)
    return common > 1 and common >= CLOSE * min(len(left), len(right))


def strange(one: str, other: str) -> bool:
    """Whether two texts have no word in common."""
    return words(one).isdisjoint(words(other))


def similar_code(one: str, other: str) -> bool:
    """Whether code is an edit, or a part, of other code; one name alone would be in everything."""
    left, right = _names(one), _names(other)
    least = min(left.total(), right.total())
    common = (left & right).total()
    return (least > 1 and common >= SIMILAR * least) or (
        bool(one.strip()) and one.split() == other.split()
    )


def words(text: str) -> frozenset[str]:
    """The stems of the words that say something, in any script; never empty.

    Han and Kana are taken in pairs, since they are written without spaces.
    """
    return _words(text[:LONGEST])


def likeness(one: str, other: str) -> float:
    """How like each other the most alike lines of two pieces of code are: from 0 to 1, equal.

    Of each its first 20 lines are compared, every one with every other.
    """
    return max(_common(_names(line), _names(its)) for line in _lines(one) for its in _lines(other))


def shared(texts: Sequence[str]) -> tuple[str, ...]:
    """The words that all texts say, as the first of them spells them; empty where there is none."""
    everywhere = frozenset.intersection(*map(words, texts))
    spelled = {stem: word for word, stem in _told(texts[0]) if stem in everywhere}
    return tuple(spelled.values())


# What is kept is short: whoever may comment chooses how many texts there are, and how long.
@lru_cache(maxsize=1024)
def _words(text: str) -> frozenset[str]:
    return frozenset(stem for _, stem in _told(text)) or frozenset([text.strip().lower()])


def _told(text: str) -> Iterator[tuple[str, str]]:
    """The words that say something, each with its stem."""
    for word in WORD.findall(text[:LONGEST]):
        if UNSPACED.match(word):
            pairs = (word[at : at + 2] for at in range(max(len(word) - 1, 1)))
            yield from ((pair, pair) for pair in pairs)
        elif word[0].isdecimal():
            yield word, word
        elif len(word) > 2 and word.lower() not in EMPTY:
            yield word, _stem(word.lower())


def _lines(code: str) -> list[str]:
    return code.strip().split("\n", MOST_LINES)[:MOST_LINES]


@lru_cache(maxsize=1024)
def _names(code: str) -> Counter[str]:
    return Counter(re.findall(r"\w+", code))


def _common(one: Counter[str], other: Counter[str]) -> float:
    every = one.total() + other.total()
    return 2 * (one & other).total() / every if every else 0.0


def _stem(word: str) -> str:
    word = SAME.get(word, word)
    bare = DOUBLED.sub(r"\1", ENDING.sub("", word))
    return (bare if len(bare) > 2 else word)[:STEM]
