"""Which of ruff's rules the offline engine asks for, and what each means to a reviewer.

A rule is here when nearly every hit is a defect that a reviewer would have to point out: code
that cannot run, raises when it runs, silently does something else than it says, or opens a known
hole. Left out on purpose:

* style, naming, typing and modernising rules: the project's own linter says those;
* unused imports and variables (F401, F841): harmless, and the commonest noise of all;
* rules that need the program's intent: bare `except`, `assert`, MD5, pickle imports, random,
  `open()` in async code, binding to all interfaces, subprocess without a shell, XML parsing;
* B005, F722, and by our own count over published packages B020, B023, PLE0605, PLE0704, PLW0127,
  S102 and S604: most of their hits were idioms, not mistakes;
* hard-coded passwords and bidirectional controls (S105-S107, PLE2502): core/checks says those,
  in every language.

Meanings are our own words. The codes are those of ruff 0.17.6; `OfflineEngine.check` refuses a ruff
that does not know them all.
"""

from __future__ import annotations

from dataclasses import dataclass

from reviewer_cli.core.models import Severity

CRITICAL, HIGH, MEDIUM, LOW = Severity


@dataclass(frozen=True, slots=True)
class RuffRule:
    """A rule as a reviewer sees it; `harmless_if` is a part of ruff's message that excuses it."""

    severity: Severity
    category: str
    title: str
    consequence: str
    harmless_if: str = "\0"


SYNTAX = "invalid-syntax"
UNREADABLE = "E902"
REDEFINED = "F811"

_ROWS: tuple[tuple[str, RuffRule], ...] = (
    # It cannot be imported, or not be read.
    (SYNTAX, RuffRule(HIGH, "correctness", "Python cannot parse this file",
        "The file does not compile, so importing it fails, and no other check could read it.")),
    (UNREADABLE, RuffRule(LOW, "maintainability", "The offline checks could not read this file",
        "Its Python-specific checks were left out of this review.")),
    ("F404 F407", RuffRule(HIGH, "correctness", "Invalid __future__ import",
        "Python refuses the whole module with a SyntaxError.")),
    ("F621 F622 F701 F702 F704 F706 F707 PLE0115 PLE0118 PLE1142 PLE1700", RuffRule(
        HIGH, "correctness", "Statement is not allowed here",
        "Python refuses the whole module with a SyntaxError.")),
    # It raises when it runs.
    ("F821", RuffRule(HIGH, "correctness", "Undefined name",
        "Running this line raises NameError.")),
    ("F823", RuffRule(HIGH, "correctness", "Local variable used before it is set",
        "The name is assigned later in the function, which makes it local everywhere in it: "
        "running this line raises UnboundLocalError.")),
    ("F822 PLE0604", RuffRule(MEDIUM, "api", "__all__ is wrong",
        "A star import of this module fails.")),
    ("F501 F502 F503 F505 F506 F507 F508 F509 F521 F524 F525 PLE1300 PLE1307", RuffRule(
        MEDIUM, "correctness", "String formatting fails",
        "Format and values do not fit, so formatting raises when this line runs.")),
    ("PLE1205 PLE1206", RuffRule(MEDIUM, "correctness", "Logging call loses its message",
        "Arguments and placeholders do not fit: logging prints a traceback instead.")),
    ("F901", RuffRule(MEDIUM, "correctness", "NotImplemented is not an exception",
        "Raising it raises TypeError; NotImplementedError was meant.")),
    ("B016", RuffRule(MEDIUM, "correctness", "Literal raised as an exception",
        "This raise fails with an error of its own instead of the intended one.")),
    ("B030 PLW0711", RuffRule(MEDIUM, "correctness", "except clause catches the wrong thing",
        "Handlers take exception classes or a tuple of them: this one raises or misses some.")),
    ("PLE0100 PLE0101 PLE0302 PLE0303 PLE0304 PLE0305 PLE0307 PLE0308 PLE0309", RuffRule(
        MEDIUM, "correctness", "Special method breaks its protocol",
        "Python calls it with other arguments or rejects what it returns, with a TypeError.")),
    ("PLE0237 PLE0241 PLE1132 PLE1519 PLE1520 RUF008 RUF016 RUF026", RuffRule(
        MEDIUM, "correctness", "Definition or call that Python rejects",
        "This raises as soon as it runs.")),
    ("PLE0117 PLE0643 PLE1507 PLW1501", RuffRule(
        MEDIUM, "correctness", "Value that cannot work here",
        "This raises as soon as it runs.")),
    # It does something else than it says.
    ("F601", RuffRule(MEDIUM, "correctness", "Dictionary key repeated",
        "Only the last value is kept; the earlier ones are silently lost.")),
    ("F631 F634 PLW0129", RuffRule(MEDIUM, "correctness", "Condition is always true",
        "A non-empty tuple or string is always true: this test never fails.")),
    ("F632", RuffRule(MEDIUM, "correctness", "Identity test on a literal",
        "Whether equal values are the same object is an accident of the interpreter.")),
    (REDEFINED, RuffRule(LOW, "correctness", "Earlier definition is overwritten unused",
        "The first one never runs; if both are tests, the first is silently not a test any more.")),
    ("PIE794", RuffRule(LOW, "correctness", "Class attribute defined twice",
        "The second definition silently wins.")),
    ("B002", RuffRule(MEDIUM, "correctness", "++ and -- do nothing in Python",
        "It is two signs, not an increment: the variable stays as it was.")),
    ("B003", RuffRule(MEDIUM, "correctness", "Assigning to os.environ changes nothing",
        "The process environment, and what child processes see, stay as they were.")),
    ("B006 B039 RUF024", RuffRule(MEDIUM, "correctness", "Mutable default is shared",
        "It is created once: what one use puts in, the next one finds there.")),
    ("B012", RuffRule(MEDIUM, "correctness", "Jump in finally swallows exceptions",
        "An exception on its way through is silently dropped.")),
    ("B015 B032 PLW0133", RuffRule(MEDIUM, "correctness", "Statement has no effect",
        "Its result is thrown away; an assignment, assert or raise was probably meant.")),
    ("B022 B025 B029", RuffRule(MEDIUM, "correctness", "Handler that never catches",
        "The exceptions it seems to deal with pass by it.")),
    ("B031 B035", RuffRule(MEDIUM, "correctness", "Only one of the values survives",
        "The group is used up after its first reading, or each item overwrites the last.")),
    ("PLE1310", RuffRule(MEDIUM, "correctness", "strip takes characters, not a substring",
        "More than the intended prefix or suffix can go.")),
    ("PLW0128", RuffRule(LOW, "correctness", "Name assigned twice at once",
        "Only one of the values is kept; another name was probably meant.")),
    ("PLW0177", RuffRule(MEDIUM, "correctness", "Comparison with NaN",
        "NaN differs from everything, itself included: the test never holds.")),
    ("PLW0245", RuffRule(HIGH, "correctness", "super is not called",
        "Without parentheses this looks the attribute up on the type `super` itself and fails.")),
    ("RUF018", RuffRule(MEDIUM, "correctness", "Assignment inside assert",
        "With `python -O` the assert and the assignment in it are gone.")),
    ("RUF032", RuffRule(LOW, "correctness", "Decimal made from a float",
        "The float's rounding error becomes part of the exact number.")),
    # It breaks under concurrency.
    ("ASYNC210 ASYNC212 ASYNC221 ASYNC222 ASYNC250 ASYNC251", RuffRule(
        MEDIUM, "concurrency", "Blocking call in async code",
        "The whole event loop stands still until it returns.")),
    ("RUF006", RuffRule(MEDIUM, "concurrency", "Task may vanish half-way",
        "The event loop keeps only a weak reference: an unreferenced task can be collected "
        "before it ends, and its exception is lost.")),
    ("PLW2101", RuffRule(MEDIUM, "concurrency", "Lock that locks nothing",
        "Each use makes a new lock, so nobody ever waits for another.")),
    ("PLW1509", RuffRule(MEDIUM, "concurrency", "preexec_fn can deadlock",
        "It runs Python between fork and exec, which is unsafe beside threads.")),
    # It opens a hole.
    ("S307", RuffRule(MEDIUM, "security", "Evaluates text as code",
        "Whoever controls the text controls this process.")),
    ("S103", RuffRule(MEDIUM, "security", "Permissions are too wide",
        "Other users of the machine can change or run the file.")),
    ("S113", RuffRule(LOW, "performance", "Request without a timeout",
        "A server that never answers stops this caller for ever.")),
    ("S201", RuffRule(HIGH, "security", "Flask debugger switched on",
        "Its console runs any code for whoever reaches the page of an error.")),
    ("S202", RuffRule(MEDIUM, "security", "Archive extracted without a filter",
        "A member named `../x`, or a link, is written outside the target directory.")),
    ("S301 S302", RuffRule(MEDIUM, "security", "Loads objects that can run code",
        "Loading data that others can write runs what they put there.")),
    ("S306", RuffRule(MEDIUM, "security", "Temporary name can be taken over",
        "Another user can create the file between naming and opening it.")),
    ("S323 S501 S502 S504", RuffRule(HIGH, "security", "Encrypted connection is not verified",
        "Anybody on the way can pose as the server, read and change what is sent.")),
    ("S505 S508 S509", RuffRule(MEDIUM, "security", "Cryptography too weak to protect",
        "Breaking it is within reach of an attacker who records the traffic.")),
    ("S506", RuffRule(HIGH, "security", "YAML loader runs code",
        "This loader builds any Python object that the document names.")),
    ("S507", RuffRule(HIGH, "security", "SSH host key is not checked",
        "Anybody on the way can pose as the server and read the session.")),
    ("S602 S605", RuffRule(MEDIUM, "security", "Command line goes through a shell",
        "A value with a quote, a semicolon or `$()` in it becomes a command of its own.",
        harmless_if="seems safe")),
    ("S608 S610 S611", RuffRule(MEDIUM, "security", "SQL built from strings",
        "A value that comes from outside can change the query; pass it as a parameter.")),
    ("S612", RuffRule(HIGH, "security", "Logging configuration from the network",
        "Whoever reaches the port can make this process run code.")),
    ("S701 S702 S704", RuffRule(MEDIUM, "security", "HTML is not escaped",
        "Text of one user runs as script in the browser of another.")),
)  # fmt: skip

RULES: dict[str, RuffRule] = {code: rule for codes, rule in _ROWS for code in codes.split()}
EXCUSED_IN_TESTS = frozenset(
    {"B015", "RUF032", "S113"}
    | {code for code, rule in RULES.items() if rule.category == "security"}
)
"""Tests open holes, compare for the exception's sake and wait for their own servers on purpose."""
SELECTED = ",".join(code for code in RULES if code != SYNTAX)
