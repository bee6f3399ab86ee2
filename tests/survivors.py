"""Why mutants may live, by hand: a pattern on `file function: before → after`, and the reason.

A pattern names the function and the very change, so that it excuses no other one. The first that
fits counts. "letter case" fits where only the size of letters changed in what SQLite reads.
"""

from __future__ import annotations

EXPLAINED = (
    (
        "letter case",
        "SQLite reads its words and the names of tables and columns in either case, and so does "
        "sqlite3.Row",
    ),
    (
        r"(audit\.py _payloads|commands\.py _wish|earlier\.py last_reviewed|export\.py rows|"
        r"pulls\.py unheard|unreviewed\.py (found_in|_merged)): "
        r"(.*)\[([\"'])(\w+)\4\](.*) → \3\[\4(?i:\5)\4\]\6$",
        "sqlite3.Row finds a column in either case, also one that the query names",
    ),
    (
        r"audit\.py _described: .* NOT LIKE '%_sqlite_migrations%'\" → .*'%_SQLITE_MIGRATIONS%'\"$",
        "LIKE does not look at case",
    ),
    (
        r"(audit\.py back_up|integrity\.py damaged|lock\.py _open|store\.py _refuse_\w+): "
        r'"[\w ,()]+\." → "[\w ,()]+\.(XX)?"$',
        "the advice at the end of a message: tests look for what tells one error from another",
    ),
    (
        r"(audit\.py _faults_of|store\.py (_create|copy_ledger)): with translated\(\w+\)(.*): → "
        r"with translated\(None\)\3:$",
        "a message loses the path of the ledger; a sweep has one only",
    ),
    (
        r"store\.py _check_version: (_refuse_newer\(.*), path\) → \1, None\)$",
        "a message loses the path of the ledger; this one is for an upgrade that was killed",
    ),
    (
        r"lock\.py _holder: .*\(handle, 4096, 0\)\) → .*\(handle, 4097, 0\)\)$",
        "the limit only keeps a planted file from filling memory",
    ),
    (
        r"lock\.py holder: .* os\.O_RDONLY \| os\.O_CLOEXEC \| os\.O_NOFOLLOW\) → .*&",
        "Python passes no handle on by itself; of a link, which only we could put there, nothing "
        "but a note would be read",
    ),
    (
        r"store\.py sync_directory: .* os\.O_RDONLY \| os\.O_DIRECTORY \| os\.O_CLOEXEC\) → .*&",
        "Python passes no handle on by itself, and the callers name directories only",
    ),
    (
        r"lock\.py _open: .* & 0o022: → .* & 19:$",
        "19 asks for one bit more, which only a file that others can run has",
    ),
    (
        r"store\.py connect: .*, timeout=BUSY_TIMEOUT_S\) → .*isolation_level=None, \)$",
        "five seconds are what Python's sqlite3 waits by itself",
    ),
    (
        r'store\.py connect: .*"journal_mode = DELETE".* → .*"XXjournal_mode = DELETEXX"',
        "a rollback journal is what SQLite has by itself, and WAL is left before",
    ),
    (
        r"store\.py _remove_old_drafts: .* > OLD_DRAFT_S: → .* >= OLD_DRAFT_S:$",
        "at one moment only: when it is an hour old to the tick",
    ),
    (
        r"audit\.py _take_place: target\.touch\(mode=0o600, exist_ok=False\) → target\.touch\("
        r"(exist_ok=False|mode=385, exist_ok=False|mode=0o600, exist_ok=None)\)$",
        "the copy that takes the name brings its own mode; None is no more than False",
    ),
    (
        r"audit\.py _take_place: target\.unlink\(missing_ok=True\) → .*missing_ok=(False|None)\)$",
        "the file was made a line before; only another process can have removed it",
    ),
    (
        r"audit\.py back_up: .*exists\(\) or target\.is_symlink\(\): → .*exists\(\) and ",
        "what is there already is refused once more, with the same words, when the copy is ready",
    ),
    (
        r'audit\.py _schema: .*\(":memory:", isolation_level=None\)\) .* → .*\(":memory:", \)\) ',
        "what a transaction in memory made, its own connection sees",
    ),
    (
        r"(integrity\.py (_read_seal|seal)|lock\.py holder): .*encoding=\"ascii\"\).* → "
        r".*(encoding=None\)|encoding=\"ASCII\"\)|\"w\", \))",
        "the file is ASCII, in any encoding",
    ),
    (
        r"lease\.py Lease\.release: noted \|= (.*) → noted = \1$",
        "nothing was noted before",
    ),
    (
        r"recovery\.py recover: if longest_wait_s < math\.inf: → if longest_wait_s <= math\.inf:$",
        "no head waits longer than for ever",
    ),
    (
        r"retention\.py _apply: (if noted and 0 <= now - (.*) → if noted and (0 <|1 <=) now - \2"
        r"|(at|note) = (.*)\b0(.*) → \4 = \5\b1\6)$",
        "times are seconds since 1970, and numbers of heads begin at one: nothing happened in the "
        "first second, nor to the first head at that time",
    ),
    (
        r"(export\.py _line: .*, ensure_ascii=True\) → .*|rows\.py review_to_json: "
        r".*, ensure_ascii=False\) → .*), (ensure_ascii=(None|True))?\)$",
        "the same text, escaped or not, for whoever reads JSON; escaped is json's own way",
    ),
    (
        r"landed\.py rested: (.*) or 0\.0\) < before → \1 or 1\.0\) < before$",
        "what is looked after was gathered before, and not in the first second of 1970",
    ),
    (
        r"earlier\.py all_of: .*sha=\"\"\)\) → .*sha=\"XXXX\"\)\)$",
        "no head has such a SHA, be it empty or another word",
    ),
    (
        r"pushes\.py pushes_before: (.*)\"-inf\"\)\) → \1\"-INF\"\)\)$",
        "float reads the word in either case",
    ),
    (
        r"standing\.py _dismissed: (line=1|severity=Severity\.LOW|body=\"\"|quote=\"\"), → "
        r"(line=(2|None)|severity=None|(body|quote)=(None|\"XXXX\")),$",
        "a pattern of what was declined is told by other fields; these stand for nothing",
    ),
    (
        r"export\.py rows: at = -1 → at = -2$",
        "no row has a number below one",
    ),
    (
        r"integrity\.py check: and 0 <= now - seal\.checked_at < CHECK_INTERVAL_S → and "
        r"0 <=? now - seal\.checked_at <=? CHECK_INTERVAL_S$",
        "a check too many or too few, at one moment of the day",
    ),
    (
        r"lease\.py Lease\.save_review: .*enumerate\(done\.remarks, 1\): → "
        r".*enumerate\(done\.remarks, 2?\):$",
        "the order counts, not where it begins",
    ),
    (
        r"ledger\.py Ledger\.claim: token = secrets\.token_hex\(8\) → .*token_hex\((9|None)\)$",
        "more chance than is needed",
    ),
    (
        r"store\.py Store\.insert: .*\.lastrowid or 0\) → .*\.lastrowid or 1\)$",
        "an insert always has a row",
    ),
    (
        r"store\.py copy_ledger: (db\.backup\(.*), sleep=0\.05\) → \1, (sleep=1\.05)?\)$",
        "how politely the copying waits; that the copy is whole is what tests hold",
    ),
)
