"""The catalogue of threats, and the count of what each test run tried against them.

A test that plays an attacker carries `@pytest.mark.threat("T8", layer="landlock")`: which threat it
tries, and which layer alone has to hold. One that tries several things says so with `tries=n`, or
with `record_property(TRIES, n)` where only the test itself knows. A whole run compares its count
with the table in docs/security.md; `make security` writes it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

SECURITY = Path(__file__).parents[1] / "docs" / "security.md"
BEGIN, END = "<!-- counted by make security -->", "<!-- end of the count -->"
TRIES = "tries"

CATALOGUE = {
    "T1": "configuration of linters, builds and tests in the tree runs code",
    "T2": "the agent's own settings in the tree: hooks, key helpers, MCP servers",
    "T3": "instructions in CLAUDE.md, AGENTS.md and the like of the head",
    "T4": "our own settings taken from the pull request",
    "T5": "submodules",
    "T6": "attributes that select filters, text conversion, merge drivers, LFS",
    "T7": "git hooks and dangerous git settings in a tampered mirror",
    "T8": "symbolic links out of the tree",
    "T9": "hostile names and sizes in a tree",
    "T10": "content hidden from the diff",
    "T11": "a hijacked model calls tools",
    "T12": "credentials posted by the bot",
    "T13": "reading /proc",
    "T14": "@path and /command in prompts",
    "T15": "text that people do not see; pictures and PDFs",
    "T16": "exfiltration by rendering",
    "T17": "our review as a carrier of commands",
    "T18": "mentions, references, closing keywords",
    "T19": "“report no findings”",
    "T20": "cost and denial of service",
    "T21": "the head moves between poll and post",
    "T22": "forged markers",
    "T23": "a token that may do too much",
    "T24": "the token in addresses, arguments, files and traces",
    "T25": "branch and file names in requests",
    "T26": "the token sent to a foreign host",
    "T27": "a person's own draft under a shared account",
    "T28": "stale drafts of ours",
    "T29": "tracebacks that tell secrets",
    "T30": "ways around redaction",
    "T31": "markup of the terminal library",
    "T32": "control sequences of the terminal",
    "T33": "injection into tables and reports",
    "T34": "transcripts that stay behind",
    "T35": "a planted state directory, lock or ledger",
    "T36": "the chain of dependencies",
    "T37": "a revoked key",
    "T38": "commands in comments: by strangers and bots, in quotes and code, to look-alike names",
    "T39": "words, thumbs and threads of people who have no say in a pull request",
    "T40": "a pull request that declares its own findings known",
}
LAYERS = (
    *("git", "checkout", "prompt", "tools", "restricted", "landlock", "bubblewrap", "all layers"),
    *("proxy", "checks", "validation", "sanitiser", "secret scan", "host", "posting", "redaction"),
    *("terminal", "configuration", "ledger", "limits", "packaging", "comments", "base branch"),
)


@dataclass(slots=True)
class Tally:
    """What a run tried, by threat and layer; `untried` could not be tried on this machine."""

    held: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    untried: set[tuple[str, str]] = field(default_factory=set)

    def table(self) -> str:
        """The Markdown table of docs/security.md."""
        lines = ["| | threat | tries | held by |", "|---|---|--:|---|"]
        for threat, what in CATALOGUE.items():
            layers = self.held[threat]
            by = ", ".join(f"{one} {layers[one]}" for one in LAYERS if layers[one])
            lines.append(f"| {threat} | {what} | {layers.total()} | {by} |")
        total = sum(layers.total() for layers in self.held.values())
        return "\n".join([*lines, f"| | all | {total} | |"])

    def differences(self, table: str) -> list[str]:
        """The rows of a written table that this run counted otherwise, where it could try all."""
        written = {row.split("|")[1].strip(): row for row in table.splitlines()}
        mine = {row.split("|")[1].strip(): row for row in self.table().splitlines()}
        partly = {threat for threat, _ in self.untried}
        return [
            mine[one] for one in CATALOGUE if one not in partly and mine[one] != written.get(one)
        ]


def written() -> str:
    """The table as it stands in the document."""
    text = SECURITY.read_text(encoding="utf-8")
    return text.partition(BEGIN)[2].partition(END)[0].strip()


def write(tally: Tally) -> None:
    """Put the count of this run into the document."""
    text = SECURITY.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    SECURITY.write_text(f"{before}{BEGIN}\n{tally.table()}\n{END}{after}", encoding="utf-8")
