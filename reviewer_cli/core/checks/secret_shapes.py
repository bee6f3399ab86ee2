"""How leaked secrets look: precise shapes first, because a false alarm costs more than it seems.

The shapes are those that the providers document for their keys, or that their own push
protection looks for. Every pattern is bounded, so that no line can make matching slow.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

from reviewer_cli.core.models import Severity


@dataclass(frozen=True, slots=True)
class SecretShape:
    """A pattern whose group `secret`, or whole match, is the secret itself."""

    rule: str
    name: str
    severity: Severity
    pattern: re.Pattern[str]

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        """Where the secret stands in the line."""
        return match.span("secret" if "secret" in self.pattern.groupindex else 0)


def _shape(rule: str, name: str, severity: Severity, pattern: str) -> SecretShape:
    return SecretShape(rule, name, severity, re.compile(rf"(?<![A-Za-z0-9_])(?:{pattern})"))


CRITICAL, HIGH, MEDIUM, LOW = Severity
SHAPES = (
    _shape("secret-github-token", "a GitHub token", CRITICAL,
           r"gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    _shape("secret-anthropic-key", "an Anthropic key", CRITICAL,
           r"sk-ant-[a-z]{2,8}\d{2}-[A-Za-z0-9_-]{24,200}"),
    _shape("secret-openai-key", "an OpenAI key", CRITICAL,
           r"sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{40,200}"
           r"|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|sk-[A-Za-z0-9]{48}(?![A-Za-z0-9])"),
    _shape("secret-google-key", "a Google API key", MEDIUM,
           r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    _shape("secret-slack-token", "a Slack token", CRITICAL,
           r"xox[abeoprs]-\d{8,14}-[A-Za-z0-9-]{10,200}"),
    _shape("secret-slack-hook", "a Slack web hook", HIGH,
           r"hooks\.slack\.com/services/"
           r"(?P<secret>T[A-Z0-9]{8,12}/B[A-Z0-9]{8,12}/[A-Za-z0-9]{20,40})"),
    _shape("secret-stripe-key", "a live Stripe key", CRITICAL,
           r"[sr]k_live_[A-Za-z0-9]{16,200}"),
    _shape("secret-gitlab-token", "a GitLab token", CRITICAL,
           r"gl(?:pat|dt|rt)-[A-Za-z0-9_-]{20,64}"),
    _shape("secret-npm-token", "an npm token", CRITICAL, r"npm_[A-Za-z0-9]{36}(?![A-Za-z0-9])"),
    _shape("secret-pypi-token", "a PyPI token", CRITICAL, r"pypi-AgE[A-Za-z0-9_-]{50,250}"),
    _shape("secret-sendgrid-key", "a SendGrid key", CRITICAL,
           r"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"),
    _shape("secret-twilio-key", "a Twilio key", MEDIUM, r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    _shape("secret-jwt", "a signed JSON web token", LOW,
           r"eyJ[A-Za-z0-9_-]{10,1000}\.eyJ[A-Za-z0-9_-]{10,4000}\.[A-Za-z0-9_-]{20,1000}"),
)  # fmt: skip

AWS_KEY_ID = re.compile(r"(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Za-z0-9])")
AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")

PEM_BEGIN = re.compile(
    r"-----BEGIN (?P<kind>(?:(?:RSA|EC|DSA|OPENSSH|ENCRYPTED|PGP) )?PRIVATE KEY(?: BLOCK)?)-----"
)
PEM_END = re.compile(r"-----END (?:[A-Z]+ ){0,2}PRIVATE KEY(?: BLOCK)?-----")
PEM_BODY = re.compile(r"[A-Za-z0-9+/]{32,}={0,2}|(?:\\n)?[A-Za-z0-9+/=]{32,}")

URL_PASSWORD = re.compile(
    r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,20}://[^\s/:@'\"<>]{1,100}:(?P<secret>[^\s/@'\"<>]{3,200})"
    r"@(?P<host>[A-Za-z0-9.-]{1,200})"
)

KEY_NAME = (
    r"(?P<name>(?:passw(?:or)?d|pwd|passphrase|secret|token|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|auth[_-]?key|credential)(?:[_-][\w-]{1,30})?)"
)
QUOTED_ASSIGNMENT = re.compile(
    rf"(?i){KEY_NAME}[\"']?\]?\s{{0,8}}(?::\s{{0,4}}\w{{1,20}}\s{{0,4}})?(?::=|=>|=|:)\s{{0,8}}"
    r"[rbuf]?([\"'`])(?P<secret>[^\s\"'`]{12,200})\2"
)
BARE_ASSIGNMENT = re.compile(
    rf"(?i){KEY_NAME}\s{{0,8}}[=:]\s{{0,8}}(?P<secret>[^\s\"'`#,;]{{12,200}})\s*(?:#.*)?$"
)
# A name that speaks *about* a secret: its hash, its file, its length, its form field.
ABOUT_A_SECRET = re.compile(
    r"(?i)[_-](?:hash|digest|salt|ids?|name|names|type|url|uri|path|file|dir|field|header|param|"
    r"regex|pattern|format|prefix|env|var|ref|arn|label|placeholder|message|error|length|expiry|"
    r"class|policy|endpoint|provider|store|version|model|count|limit|public)(?![a-z])"
)
PLACEHOLDER = re.compile(
    r"(?i)example|sample|dummy|fake|placeholder|change[-_]?me|change[-_]?it|replace|redacted|"
    r"your|insert|todo|fixme|default|test|mock|local|foobar|lorem|not[-_]?a[-_]?real|none|null|"
    r"undefined|xxx|\*\*\*|\.\.\.|\.{3}|…|<|>|\$|\{|\}|%\(|%s|\bENV\b|environ|getenv|process\.env|"
    r"secret|password|passwd|0123456789|1234567|abcdefg|qwerty|deadbeef|AAAAAA|000000"
)
FILLER = re.compile(r"(?i)example|x{5}|\*{3}|0123456789|1234567890|abcdefghij|your|placeholder")
# Words, paths, calls, addresses: what programs name rather than what a generator rolled.
WORDS = re.compile(r"[A-Za-z]*\d{0,4}(?:[-_.:/@\\]+[A-Za-z]*\d{0,4})*")
LOOKUP = re.compile(r"[A-Za-z_][\w.]*[(\[].*|\w+://.*|/.*/.*|arn:.*|@.*")
UUID = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The payload of the token that jwt.io shows to everyone.
KNOWN_SAMPLE = "eyJzdWIiOiIxMjM0NTY3ODkw"


def entropy(text: str) -> float:
    """Shannon's bits per character; 20 random letters and digits have about 3.9."""
    counts = Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def is_placeholder(secret: str) -> bool:
    """Something put there to be replaced, or too regular to be a key that anyone issued."""
    return bool(PLACEHOLDER.search(secret)) or KNOWN_SAMPLE in secret or len(set(secret)) < 6


def is_repetitive(secret: str) -> bool:
    """A provider's prefix followed by filler, as in documentation."""
    tail = secret[-20:]
    filler = re.search(
        r"(?i)example|x{5}|\*{3}|0123456789|1234567890|abcdefghij|your|placeholder", secret
    )
    return bool(filler) or KNOWN_SAMPLE in secret or entropy(tail) < 2.8


def looks_random(secret: str) -> bool:
    """A literal that a generator made or a person chose as a strong password."""
    if is_placeholder(secret) or UUID.fullmatch(secret):
        return False
    if WORDS.fullmatch(secret) or LOOKUP.fullmatch(secret):
        return False
    kinds = (str.islower, str.isupper, str.isdigit, lambda one: not one.isalnum())
    classes = sum(any(map(kind, secret)) for kind in kinds)
    if len(secret) < 16:
        return classes >= 3 and entropy(secret) >= 3.0
    return any(map(str.isdigit, secret)) and classes >= 2 and entropy(secret) >= 3.3
