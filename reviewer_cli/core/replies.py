"""What a person's reply to one of our comments means, by fixed rules about English words.

No model is asked: a reply is hostile data, and the same words must mean the same every time. What
the rules do not know for sure means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum

from reviewer_cli.core.prose import SHOWN, OwnWords, own_words

LONGEST = 4_000
"""Characters of own words; who writes more than that does not answer in a word."""


class Meaning(StrEnum):
    """What a reply says about the remark that it answers."""

    DECLINES = "declines"
    """Nothing is to be done about it."""
    ACCEPTS = "accepts"
    """The remark is right, or has been dealt with."""
    ASKS = "asks"
    """The writer wants to know something first."""


class _Kind(StrEnum):
    REFUSAL = "refusal"
    DEED = "deed"
    COURTESY = "courtesy"


def _any_of(*alternatives: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(alternatives) + r")(?!\w)")


# Sentences are compared in lower case, with short forms written out and empty words left out.
SHORT_FORMS = (
    (re.compile(r"[\u2018\u2019\u02bc`]"), "'"),
    (re.compile(r"\bwon'?t[ -]?fix"), "will not fix"),
    (re.compile(r"\bwon't\b|\bwont\b"), "will not"),
    (re.compile(r"\b(?:can't|cant|cannot)\b"), "can not"),
    (re.compile(r"\b(is|are|was|were|do|does|did|has|have|should|would|could)n'?t\b"), r"\1 not"),
    (re.compile(r"\b(you|we|they)'?re\b(?<!were)"), r"\1 are"),
    (re.compile(r"\bi'm\b|\bim\b"), "i am"),
    (re.compile(r"\bgonna\b"), "going to"),
    (re.compile(r"(\w)'ll\b"), r"\1 will"),
    (re.compile(r"(\w)'ve\b"), r"\1 have"),
    (re.compile(r"\b(it|that|this|there|which|what|he|she)'s\b"), r"\1 is"),
)
EMPTY_WORDS = re.compile(
    r"\b(?:absolutely|actually|again|already|also|completely|definitely|entirely|even|fully|indeed|"
    r"just|now|perfectly|quite|really|simply|totally|very|yep|yes|yeah|ok|okay)\b,?"
)

PROBLEM = (
    r"(?:(?:an?|any|the|real|valid|actual|true) )*"
    r"(?:issue|bug|problem|concern|vulnerability|defect|error|risk)s?"
)
REFUSALS = _any_of(
    r"will not (?:be )?(?:fix(?:ed|ing)?|chang(?:e|ed|ing))",
    r"will not do(?: (?:this|it|that)|$)",
    r"not going to (?:fix|change|do)",
    r"not (?:fixing|changing|doing) (?:this|it|that)",
    rf"(?:is|are|was) not {PROBLEM}",
    rf"^not {PROBLEM}",
    rf"(?:do|does) not (?:think|believe|see|consider)(?: (?:how|why|that))?"
    rf"(?: (?:this|that|it|there))?(?: (?:is|are|as|to be))? {PROBLEM}",
    r"(?:do|does) not agree",
    r"disagree",
    r"does not apply",
    r"(?:(?:is|are) |^)not (?:applicable|relevant)",
    r"^not (?:needed|necessary|required)",
    r"(?:this|that|it) is not (?:true|correct|accurate|right)$",
    r"(?:you are|bot is) (?:wrong|mistaken|incorrect)",
    r"no (?:need to|changes? (?:is |are )?(?:needed|necessary|required))",
    rf"no {PROBLEM} here",
    r"(?:^|^please |can (?:safely )?)ignore (?:this|it)",
    r"(?:leave|leaving|keep|keeping) (?:(?:this|it|that) )?as (?:(?:it|that) )?is",
    r"(?:out of|beyond|outside) (?:the )?scope",
    r"accept(?:ed|ing)? (?:the |this |that )?risk",
    r"(?:this|that|it) is (?:fine|intended) (?:here|as is)",
)
CHOICES = _any_of(
    r"false[ -](?:positive|alarm)s?",
    r"(?:by|per) design",
    r"as (?:designed|intended)",
    r"works? as expected|working as expected",
    r"(?:intended|expected|desired) behaviou?r",
    r"is intended",
    r"intentional(?:ly)?",
    r"deliberate(?:ly)?",
    r"on purpose",
    r"hallucinat(?:ion|ed|ing)",
    r"non-?issue",
)
"""Denied, they say that we are right: "not a false positive", "that was not on purpose"."""

SOMEWHERE = (
    r"(?:in|with|by|as of|via) (?:commit |pr )?(?:[0-9a-f]{7,40}(?!\w)|#\d|"
    rf"{SHOWN}|(?:the |a )?(?:latest|next|new|newest|last) (?:commit|push|revision|version))"
)
NO_MORE = (
    rf"(?=$|,|:| ?\(| [-\u2013\u2014]| {SOMEWHERE}| (?:here|too|thanks|thank|thx|it|this|that|"
    r"these|those|both|all|as suggested|as well|accordingly|locally|and)(?!\w))"
)
DOER = r"(?:^|(?<=, )|(?<!\w)(?:i|we|have|has|been|and|so) )"
DEEDS = _any_of(
    rf"fixed{NO_MORE}",
    rf"(?:{DOER}|all |is )done{NO_MORE}(?! by)",
    rf"{DOER}(?:addressed|resolved|applied|corrected|updated|changed|adjusted|renamed|removed|"
    rf"reworked|refactored|reverted|added|moved|replaced|simplified|fixing|addressing){NO_MORE}",
    rf"(?:is|are|was|were) (?:addressed|resolved|corrected) {SOMEWHERE}",
    r"(?:^|(?:i|we) )(?:will|am going to|are going to) (?:fix|address|correct|apply|change|update)",
    r"(?:^|(?:i|we) )will (?:do|take care of)",
    r"(?:applied|committed|took) (?:the|your|this) suggestions?",
    r"^suggestions? (?:applied|committed)",
    r"pushed (?:(?:a|the|another) )?(?:fix|change|update|commit)",
    r"(?:opened|created|filed) (?:(?:an?|the) )?(?:issue|ticket|follow-?up)",
)
COURTESIES = _any_of(
    r"(?:good|nice|great|excellent) (?:catch|find|point|spot|call|idea|suggestion)",
    r"well spotted",
    r"(?:fair|valid) (?:point|enough|concern|finding)",
    r"(?:you are|that is) (?:right|correct)(?=$|,| that| and)",
    r"^(?:right|correct|true|exactly|agreed|lgtm)(?=$|,)",
    r"(?:^|(?:i|we) )agree(?:d)?",
    r"makes sense",
    r"^w?h?oops",
    r"my (?:bad|mistake|fault)",
    r"sounds good",
    r"(?:this|that|it) is (?:an? )?(?:(?:real|valid|actual) )*(?:bug|issue|problem)(?=$|,| and)",
)
PLEA = re.compile(
    r"^(?:please |can you |could you )+(?:explain|clarify|elaborate|give|show|tell)\b"
)
DENIAL = re.compile(r"\b(?:not|never|hardly|nor|neither|without|no)(?: [\w'/-]+){0,5} ?$")
DOUBT = re.compile(
    r"\b(?:if|unless|whether|maybe|perhaps|probably|possibly|might|could|may|can|would|unsure|sure|"
    r"wonder\w*|guess|suppose\w*|assum\w+|until|once|before|when|why|how|says?|said|claims?|must|"
    r"to be|needs? to)\b[^,]*$"
)
"""What, standing before words in their clause, keeps them from being said for certain."""

TURN = re.compile(r"\b(?:but|however|although|though|yet|nevertheless)\b")
QUOTED = re.compile(r'"[^"]{1,300}"|\u201c[^\u201d]{1,300}\u201d')
SENTENCE = re.compile(r"([^.!?;\n\uff1f]+)([.!?;\n\uff1f]*)")
ABBREVIATION = re.compile(r"\b(?:e\.g|i\.e|etc|vs|cf)\.", re.IGNORECASE)

UNSAID = re.compile(rf"[\s{SHOWN}\U0001f3fb-\U0001f3ff]")
"""Beside a thumb: blanks, what is only shown, and the colour of the skin."""

THUMBS = {
    "\U0001f44d": Meaning.ACCEPTS,
    ":+1:": Meaning.ACCEPTS,
    "+1": Meaning.ACCEPTS,
    "\u2705": Meaning.ACCEPTS,
    "\U0001f44e": Meaning.DECLINES,
    ":-1:": Meaning.DECLINES,
    "-1": Meaning.DECLINES,
}


def meaning(body: str) -> Meaning | None:
    """What a reply means, None where its own words do not say.

    Code, quotes, links and what stands in quotation marks count for nothing. A refusal outweighs a
    question, and a politeness before "but"; a refusal beside anything else that agrees is no word.
    """
    words = own_words(body)
    text = _joined(words)
    if not words.is_whole or len(text) > LONGEST:
        return None
    if thumb := THUMBS.get(UNSAID.sub("", text)):
        return thumb
    said: list[tuple[_Kind, bool]] = []
    asks = False
    for sentence, is_question in _sentences(text):
        if is_question:
            asks = True
        else:
            said += _said_in(sentence)
    return _weighed(said, asks=asks)


def _joined(words: OwnWords) -> str:
    """Lines of one paragraph run on; a list item begins anew."""
    lines = (re.sub(r"^\s*(?:[-*+]|\d{1,9}[.)])\s+", "\n", line) for line in words.lines)
    joined = " ".join(line if line.strip() else "\n" for line in lines)
    return ABBREVIATION.sub(" ", QUOTED.sub(SHOWN, joined))


def _sentences(text: str) -> Iterator[tuple[str, bool]]:
    for match in SENTENCE.finditer(text):
        sentence = _normal(match[1])
        if sentence:
            yield sentence, "?" in match[2] or "\uff1f" in match[2] or bool(PLEA.match(sentence))


def _normal(sentence: str) -> str:
    text = re.sub(r"[*_~]+", " ", sentence).lower()
    for short, long in SHORT_FORMS:
        text = short.sub(long, text)
    return " ".join(EMPTY_WORDS.sub(" ", text).split()).strip(" ,:-")


def _said_in(sentence: str) -> Iterator[tuple[_Kind, bool]]:
    """What a sentence says, and whether a "but" stands before it."""
    for number, part in enumerate(TURN.split(sentence)):
        clause = part.strip(" ,")
        if _certain(REFUSALS, clause):
            yield _Kind.REFUSAL, number > 0
        rest = REFUSALS.sub(",", clause)
        for choice in CHOICES.finditer(rest):
            before = _before(choice, rest)
            if not DOUBT.search(before):
                kind = _Kind.COURTESY if DENIAL.search(before) else _Kind.REFUSAL
                yield kind, number > 0
        if _certain(DEEDS, rest):
            yield _Kind.DEED, number > 0
        if _certain(COURTESIES, rest):
            yield _Kind.COURTESY, number > 0


def _certain(rule: re.Pattern[str], clause: str) -> bool:
    befores = (_before(match, clause) for match in rule.finditer(clause))
    return any(not DENIAL.search(before) and not DOUBT.search(before) for before in befores)


def _before(match: re.Match[str], clause: str) -> str:
    """As much of what stands before it as a person keeps in mind; all of it would take too long."""
    return clause[max(match.start() - 200, 0) : match.start()]


def _weighed(said: list[tuple[_Kind, bool]], *, asks: bool) -> Meaning | None:
    kinds = {kind for kind, _ in said}
    if _Kind.REFUSAL in kinds and _Kind.DEED not in kinds:
        turned = all(after_but for kind, after_but in said if kind is _Kind.REFUSAL)
        if _Kind.COURTESY not in kinds or turned:
            return Meaning.DECLINES
    if asks:
        return Meaning.ASKS
    return Meaning.ACCEPTS if kinds and _Kind.REFUSAL not in kinds else None
