"""Why mutants may live, by hand: a pattern on `file function: before → after`, and the reason.

The first pattern that fits counts. "letter case" fits where only the size of letters changed.
"""

from __future__ import annotations

EXPLAINED = (
    (
        "letter case",
        "SQLite reads its words and the names of columns in either case, and so does sqlite3.Row; "
        "a few are messages that say the same louder",
    ),
    (
        r"→ .*XX",
        "words to a person: tests look for the part that tells one error from another",
    ),
    (
        r"NOT LIKE '%|ORDER BY STATE = 'DUE'",
        "LIKE does not look at case; of the status only the set of heads is promised, their order "
        "is a courtesy",
    ),
    (
        r"_holder: .*4097",
        "the limit only keeps a planted file from filling memory",
    ),
    (
        r"O_(NOFOLLOW|CLOEXEC|DIRECTORY)",
        "a second fence: the file was looked at before, and Python passes no handle on by itself",
    ),
    (
        r"translated\(None\)|damaged\(path, None\)|(_check_version|_leave_wal).*None\)$",
        "only a part of the message is lost, such as the path",
    ),
    (
        r"connect: .*isolation_level=None, \)$",
        "five seconds are what Python's sqlite3 waits by itself",
    ),
    (
        r"_remove_old_drafts: .*(suppress\(None\)|>=)",
        "at one moment: another process removes the same draft, or it is an hour old to the tick",
    ),
    (
        r"_upgrade: .*<= VERSION",
        "another program did the upgrade meanwhile: a copy too many, and no migration is left",
    ),
    (
        r"audit\.py (back_up|_take_place): .*(exists|TAKEN|W_OK|touch|unlink)",
        "two fences stand behind one another: what the first lets pass, the second refuses with "
        "the same words, and the copy that takes the name brings its own mode",
    ),
    (
        r"audit\.py (_faults_of|_damage|_schema|_dangling|_payloads): ",
        "which words the fault is told in; that there is one is what tests hold",
    ),
    (
        r"encoding=None",
        "the file is ASCII, in any encoding",
    ),
    (
        r"_open: .*& 19",
        "19 asks for one bit more, which only a file that others can run has",
    ),
    (
        r"Lease\.release: noted \|=",
        "nothing was noted before",
    ),
    (
        r"Breakers\.settle: if not failed and",
        "without it an empty transaction is made: slower, not different",
    ),
    (
        r"longest_wait_s <= math\.inf",
        "no head waits longer than for ever",
    ),
    (
        r"retention\.py _apply: (if noted and (0|1)|at = |note = )",
        "times are seconds since 1970: nothing happened in the first of them, and a second more or "
        "less of a day makes no difference",
    ),
    (
        r"_head: .*split\(",
        "most tests have one severity; the one with three kills those that lose any",
    ),
    (
        r"ensure_ascii",
        "the same text, escaped or not, for whoever reads JSON",
    ),
    (
        r"export\.py rows: at = -",
        "no row has a number below one",
    ),
    (
        r"integrity\.py (check: and 0|seal: )",
        "a check too many or too few at the very moment, or a note under another name or in "
        "another place that cannot be renamed, which costs one check",
    ),
    (
        r"save_review: for ordinal",
        "the order counts, not where it begins",
    ),
    (
        r"token_hex",
        "more chance than is needed",
    ),
    (
        r"Store\.insert: .*lastrowid",
        "an insert always has a row",
    ),
    (
        r"copy_ledger: ",
        "how politely the copying waits; that the copy is whole is what tests hold",
    ),
)
