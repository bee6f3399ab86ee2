"""Secrets are found by shape, never repeated, and made-up ones are left alone.

The samples are put together here so that no scanner takes this file for a leak.
"""

from __future__ import annotations

import hashlib
import string

import pytest

from reviewer_cli.core.anchor import place
from reviewer_cli.core.checks import check_diff
from reviewer_cli.core.diff import Diff, FileDiff, FileStatus, parse_hunks
from reviewer_cli.core.models import Finding, Placement, Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity


def rolled(length: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """Letters that look random and are the same in every run."""
    digest = hashlib.shake_256(str(length).encode()).digest(length)
    return "".join(alphabet[byte % len(alphabet)] for byte in digest)


HEX = "0123456789abcdef"
AWS_ID = "AK" + "IA" + rolled(16, string.ascii_uppercase + "234567")
AWS_SECRET = rolled(40, string.ascii_letters + string.digits + "/+")
JWT = ".".join(("ey" + "J" + rolled(30), "ey" + "J" + rolled(60), rolled(43)))
PASSWORD = "Tr0ub4dor" + "&3xyz"
BEGIN, END = "-----BEGIN " + "RSA PRIVATE KEY-----", "-----END " + "RSA PRIVATE KEY-----"

SHAPED = [
    ("github-token", CRITICAL, "gh" + "p_" + rolled(36)),
    ("github-token", CRITICAL, "gh" + "s_" + rolled(36)),
    ("github-token", CRITICAL, "github" + "_pat_" + rolled(22) + "_" + rolled(59)),
    ("anthropic-key", CRITICAL, "sk-" + "ant-api03-" + rolled(93)),
    ("openai-key", CRITICAL, "sk-" + "proj-" + rolled(64)),
    ("openai-key", CRITICAL, "sk-" + rolled(48)),
    ("google-key", MEDIUM, "AI" + "za" + rolled(35)),
    ("slack-token", CRITICAL, "xo" + "xb-" + "482910375628-" + rolled(24)),
    ("stripe-key", CRITICAL, "sk" + "_live_" + rolled(24)),
    ("gitlab-token", CRITICAL, "gl" + "pat-" + rolled(20)),
    ("npm-token", CRITICAL, "np" + "m_" + rolled(36)),
    ("pypi-token", CRITICAL, "pypi-" + "AgE" + rolled(80)),
    ("sendgrid-key", CRITICAL, "S" + "G." + rolled(22) + "." + rolled(43)),
    ("twilio-key", MEDIUM, "S" + "K" + rolled(32, HEX)),
    ("jwt", LOW, JWT),
    ("aws-key", MEDIUM, AWS_ID),
]
GENERIC = [
    ("app.py", f'password = "{PASSWORD}"', PASSWORD),
    ("app.py", f'API_KEY = "{rolled(32)}"', rolled(32)),
    ("app.ts", f"const clientSecret: string = '{rolled(24)}';", rolled(24)),
    ("app.go", f'token := "{rolled(40)}"', rolled(40)),
    ("app.json", f'"apiKey": "{rolled(32)}",', rolled(32)),
    ("app.rb", f":secret_key => '{rolled(32)}'", rolled(32)),
    (".env", f"DB_PASSWORD={PASSWORD}", PASSWORD),
    ("prod.yml", f"auth_token: {rolled(32)}", rolled(32)),
    ("app.py", f'headers["api-key"] = "{rolled(32)}"', rolled(32)),
]
HARMLESS = [
    ("docs/aws.md", "aws_access_key_id = AKIA" + "IOSFODNN7EXAMPLE"),
    ("app.py", "token = 'ghp_" + "x" * 36 + "'"),
    ("app.py", "token = 'ghp_" + "0123456789abcdefghijABCDEFGHIJ012345" + "'"),
    ("app.py", 'password = "changeme-please-123"'),
    ("app.py", 'password = os.environ["DB_PASSWORD_2"]'),
    ("app.py", 'password = getpass("Password for Ada 1: ")'),
    ("app.js", "const token = `${process.env.TOKEN_V2}`;"),
    ("ci.yml", "token: ${{ secrets.GITHUB_TOKEN }}"),
    ("app.yml", "password: {{ vault_db_password_1 }}"),
    ("app.py", 'api_key = "<your-api-key-1234>"'),
    ("app.py", f'password_hash = "{rolled(60)}"'),
    ("app.py", f'token_url = "https://id.acme.org/{rolled(24)}"'),
    ("app.py", 'tokenizer = "bert-base-uncased-v1-128k"'),
    ("app.py", 'secret_name = "projects/acme/secrets/db-1"'),
    ("app.py", 'TOKEN_REGEX = "[A-Za-z0-9]{16}[-_]{2}"'),
    ("app.py", 'access_key = "settings.storage.access_key_1"'),
    ("app.py", f'commit = "{rolled(40, HEX)}"'),
    ("app.py", f'image = "sha256:{rolled(64, HEX)}"'),
    ("app.py", 'csrf_token = "3f2504e0-4f89-11d3-9a0c-0305e82c3301"'),
    ("package-lock.json", f'"integrity-token": "{rolled(64)}"'),
    ("app.py", f'if line.startswith("{BEGIN}"):'),
    ("docker-compose.yml", "url: postgres://postgres:pass1word@db:5432/app"),
    ("app.py", 'dsn = "postgresql://user:password@db.acme.org/app"'),
    ("app.py", 'url = "https://user:${TOKEN_2}@git.acme.org/x.git"'),
    ("app.py", "def login(password: str = '', token: str | None = None) -> str:"),
]


def diff(*lines: str, path: str = "app.py") -> Diff:
    patch = "\n".join(["@@ -1,0 +1,9 @@", *(f"+{line}" for line in lines), " same"])
    file = FileDiff(path=path, old_path=path, status=FileStatus.ADDED, hunks=parse_hunks(patch))
    return Diff(merge_base="0" * 40, files=(file,))


def said(findings: tuple[Finding, ...]) -> str:
    return "\n".join(repr(finding) for finding in findings)


@pytest.mark.parametrize(("kind", "severity", "secret"), SHAPED)
def test_known_shapes_are_found_and_not_repeated(
    kind: str, severity: Severity, secret: str
) -> None:
    changed = diff(f'    client = Client("{secret}")  # our account')
    [finding] = findings = check_diff(changed)
    assert (finding.rule, finding.severity) == (f"secret-{kind}", severity)
    assert secret[5:] not in said(findings)
    assert secret[:6] not in finding.body
    assert place(finding, changed).placement is Placement.LINE


@pytest.mark.parametrize(("path", "line", "secret"), GENERIC)
def test_hard_coded_secrets_are_found_and_not_repeated(path: str, line: str, secret: str) -> None:
    changed = diff("first = 1", line, path=path)
    [finding] = findings = check_diff(changed)
    assert (finding.rule, finding.severity, finding.line) == ("secret-generic", HIGH, 2)
    assert secret[5:] not in said(findings)
    assert place(finding, changed).line == 2


@pytest.mark.parametrize(("path", "line"), HARMLESS)
def test_placeholders_lookups_and_identifiers_are_left_alone(path: str, line: str) -> None:
    assert check_diff(diff(line, path=path)) == ()


def test_a_url_with_a_password_on_a_real_host() -> None:
    changed = diff(f'dsn = "postgresql://app:{PASSWORD}@db.acme.org/app"')
    [finding] = findings = check_diff(changed)
    assert finding.rule == "secret-url-password"
    assert PASSWORD[4:] not in said(findings)


def test_a_private_key_is_one_finding_and_its_body_is_never_shown() -> None:
    body = [rolled(64), rolled(63) + "=", rolled(62) + "=="]
    [finding] = findings = check_diff(diff(BEGIN, *body, END))
    assert (finding.rule, finding.severity, finding.line) == ("secret-private-key", CRITICAL, 1)
    assert not any(text[:20] in said(findings) for text in body)


def test_a_private_key_on_one_line() -> None:
    changed = diff(f'KEY = "{BEGIN}\\n{rolled(64)}\\n{END}"')
    [finding] = findings = check_diff(changed)
    assert finding.rule == "secret-private-key"
    assert rolled(64) not in said(findings)
    assert place(finding, changed).placement is Placement.LINE


def test_an_aws_key_id_beside_its_secret_is_one_critical_finding() -> None:
    changed = diff(f'KEY = "{AWS_ID}"', f'aws_secret_access_key = "{AWS_SECRET}"')
    [finding] = findings = check_diff(changed)
    assert (finding.rule, finding.severity) == ("secret-aws-key", CRITICAL)
    assert AWS_SECRET[5:] not in said(findings)


def test_an_aws_secret_alone_is_a_hard_coded_secret() -> None:
    [finding] = check_diff(diff(f'aws_secret_access_key = "{AWS_SECRET}"'))
    assert finding.rule == "secret-generic"


def test_samples_matter_less() -> None:
    secret = SHAPED[0][2]
    [finding] = check_diff(diff(f'token = "{secret}"', path="tests/test_client.py"))
    assert finding.severity is MEDIUM
    [finding] = check_diff(diff(f'api_key = "{rolled(32)}"', path="tests/fixtures/app.py"))
    assert finding.severity is LOW


def test_one_finding_names_every_place_of_a_kind() -> None:
    secret = SHAPED[0][2]
    [finding] = check_diff(diff(f'a = "{secret}"', "b = 1", f'c = "{secret}"', f'd = "{secret}"'))
    assert finding.line == 1
    assert "lines 3 and 4" in finding.body


def test_other_findings_on_the_line_do_not_repeat_the_secret_either() -> None:
    secret = SHAPED[0][2]
    findings = check_diff(diff(f'tok\u200ben = "{secret}"  # \u202e'))
    assert len(findings) == 3
    assert secret[5:] not in said(findings)


def test_removed_and_unchanged_lines_are_not_read() -> None:
    secret = SHAPED[0][2]
    hunks = parse_hunks(f'@@ -1,2 +1,2 @@\n-a = "{secret}"\n b = "{secret}"\n+c = 1')
    file = FileDiff(path="a.py", old_path="a.py", status=FileStatus.MODIFIED, hunks=hunks)
    assert check_diff(Diff(merge_base="0" * 40, files=(file,))) == ()


@pytest.mark.parametrize(
    "line",
    [
        "password" * 20_000,
        "a" * 300_000,
        "https://" + "a:" * 100_000,
        "eyJ" + "a" * 200_000 + ".eyJ",
        "-----BEGIN " * 20_000,
        "token = '" + "ab1" * 100_000,
    ],
)
@pytest.mark.timeout(5)
def test_no_line_makes_matching_slow(line: str) -> None:
    check_diff(diff(line, path=".env"))
