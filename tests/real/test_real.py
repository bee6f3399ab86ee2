"""The command line on real changes: eight projects, their releases as pull requests, both engines.

What the product claims is held against what git itself says. `make real` fills the cache first.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from reviewer_cli.core.marker import carries_marker
from reviewer_cli.core.models import HeadKey
from reviewer_cli.hosts.local_git import MARKER_SECRET
from tests.real.critic import ELSEWHERE, KINDS
from tests.real.sweeping import BATCH_SIZE, Swept, at_once
from tests.real.witness import misplaced, plain

# The first test of an engine waits for both of its sweeps.
pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]

MOVED = ("drifted", "shifted", "wrong_side")


def said_by_model(review: dict[str, Any]) -> list[dict[str, Any]]:
    """The ledger's findings that came from the model, not from the evidence beside it."""
    return [one for one in review["findings"] if one["rule"] in (*KINDS, "overhanging")]


def test_every_branch_of_every_project_is_posted_or_skipped_with_a_reason(sweep: Swept) -> None:
    ended = {(one["key"]["repo"], one["key"]["sha"]): one for one in sweep.first["heads"]}
    open_heads = [
        (str(witness.path), sha)
        for witness in sweep.projects.values()
        for sha in witness.branches().values()
    ]
    assert len(open_heads) == 24
    assert sorted(ended) == sorted(open_heads)
    for one in ended.values():
        assert one["state"] == "posted" or (one["state"] == "skipped" and one["reason"])
    assert sweep.first["failures"] == []
    assert sweep.first["counts"]["dead"] == 0
    assert len(sweep.retried) <= 1, sweep.retried


def test_every_line_finding_quotes_code_that_stands_there_inside_a_hunk(sweep: Swept) -> None:
    wrong, checked = [], 0
    for witness, sha, review in sweep.reviews():
        for finding in review["findings"]:
            if finding["placement"] == "line":
                checked += 1
                if complaint := misplaced(witness, sha, finding):
                    pull = review["head"]["key"]["pull"]
                    wrong.append(f"{witness.path.name} {pull} {finding['path']}: {complaint}")
    assert wrong == []
    assert checked > 0


def test_every_posted_head_has_one_note_that_ends_with_its_marker(sweep: Swept) -> None:
    for witness, sha, review in sweep.reviews():
        key = HeadKey(**review["head"]["key"])
        note = witness.note(sha)
        assert carries_marker(note, key, MARKER_SECRET)
        assert note.count("<!-- reviewer:v1") == 1
    for witness in sweep.projects.values():
        noted = {line.split()[1] for line in witness.git("notes", "--ref=reviewer").splitlines()}
        assert noted == {sha.encode() for sha in witness.branches().values()}


def test_every_kept_finding_is_in_the_note(sweep: Swept) -> None:
    for witness, sha, review in sweep.reviews():
        note = witness.note(sha)
        kept = [one for one in review["findings"] if one["disposition"] == "kept"]
        for finding in kept:
            place = finding["line"] if finding["placement"] == "line" else finding["claimed_line"]
            assert f"{finding['path']}:" in note
            assert f"{place}`" in note
        assert note.count("\n### ") == len(kept)


def test_every_changed_file_is_reviewed_or_named_with_a_reason(sweep: Swept) -> None:
    for witness, sha, review in sweep.reviews():
        named = dict(review["unreviewed"])
        changed = set(witness.changed_paths(sha))
        assert all(named.values())
        assert set(named) <= changed
        assert f"({len(changed) - len(named)} file" in review["body"]


def test_nothing_else_of_the_repositories_is_touched(sweep: Swept) -> None:
    for name, witness in sweep.projects.items():
        assert witness.snapshot() == sweep.before[name], name


def test_a_second_sweep_asks_nothing_and_posts_nothing(sweep: Swept) -> None:
    assert sweep.requests_of_second == 0
    assert sweep.second["heads"] == sweep.second["reviews"] == []
    assert sweep.second["counts"]["polled"] == len(sweep.first["heads"])
    assert sweep.second["counts"]["new"] == sweep.second["counts"]["usd"] == 0
    assert {name: one.notes_tip() for name, one in sweep.projects.items()} == sweep.notes


def test_no_finding_of_the_model_vanishes(agent_sweep: Swept) -> None:
    for _, _, review in agent_sweep.reviews():
        said = agent_sweep.critic.said[review["head"]["title"]]
        given = Counter((one["title"], one["line"], plain(one["quote"])) for one in said)
        found = Counter(
            (one["title"], one["claimed_line"], plain(one["quote"]))
            for one in said_by_model(review)
        )
        assert found == given
        assert len(given) > 10


def test_each_kind_of_finding_lands_where_its_quote_stands(agent_sweep: Swept) -> None:
    seen: Counter[str] = Counter()
    wrong = []
    for witness, _, review in agent_sweep.reviews():
        for one in said_by_model(review):
            seen[one["rule"]] += 1
            if one["placement"] != ELSEWHERE.get(one["rule"], "line"):
                wrong.append((witness.path.name, review["head"]["key"]["pull"], one))
    assert wrong == []
    assert set(seen) == {*KINDS, "overhanging"}


def test_wrong_line_numbers_are_corrected_and_said_so(agent_sweep: Swept) -> None:
    moved = [
        one
        for _, _, review in agent_sweep.reviews()
        for one in said_by_model(review)
        if one["rule"] in MOVED
    ]
    assert len(moved) > 50
    unsaid = [one for one in moved if "moved from" not in one["note"]]
    assert [one for one in unsaid if one["line"] != one["claimed_line"]] == []
    assert len(unsaid) < len(moved) / 10  # the same code may stand on the wrong line too


def test_verdicts_and_repetitions_decide_what_is_kept(agent_sweep: Swept) -> None:
    counted: Counter[str] = Counter()
    for _, _, review in agent_sweep.reviews():
        verdicts = agent_sweep.critic.judged[review["head"]["title"]]
        for one in said_by_model(review):
            twin = one["body"].startswith("Said as twin")
            expected = {"refuted": "refuted"}.get(verdicts[one["title"]], "kept")
            counted[one["disposition"]] += 1
            assert one["disposition"] == ("duplicate" if twin else expected), one
    assert set(counted) == {"kept", "duplicate", "refuted"}


def test_the_model_reads_the_very_files_that_the_diff_speaks_of(agent_sweep: Swept) -> None:
    critic = agent_sweep.critic
    assert len(critic.read) == len(critic.said) == 24
    assert all(lines > 0 for lines in critic.read.values())
    assert all(critic.searched.values())


def test_the_batch_is_never_larger_than_it_may_be(agent_sweep: Swept) -> None:
    assert agent_sweep.peak <= BATCH_SIZE
    assert at_once(agent_sweep.requests) == BATCH_SIZE
    turns = Counter(request.conversation for request in agent_sweep.requests)
    assert len(turns) == 48  # a finding and a verifying conversation for each head
