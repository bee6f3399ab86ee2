"""REST about pull requests: reading them, and check runs and comparisons of their commits."""

from __future__ import annotations

import re

from tests.fakes.github import diffs
from tests.fakes.github.messages import Refused, Response, not_found
from tests.fakes.github.rest import Call, serves
from tests.fakes.github.rows import CheckRun, Pull, Repo
from tests.fakes.github.tokens import Kind

PULLS = "/repos/{owner}/{repo}/pulls"
FILES_LIMIT = 3000
DIFF_LINES_LIMIT = 20_000
STATES = {"open": ("open",), "closed": ("closed", "merged"), "all": ("open", "closed", "merged")}


@serves("GET", PULLS, "pull_requests:read")
def pulls(call: Call) -> Response:
    """The pull requests of a repository, by default the open ones, newest first."""
    query = call.request.query
    states = STATES.get(query.get("state", "open"))
    if states is None:
        raise _invalid("state")
    found = [one for one in call.tables.pulls_of(call.repo) if one.state in states]
    if base := query.get("base"):
        found = [one for one in found if one.base_ref == base]
    if head := query.get("head"):
        found = [one for one in found if _label(call, one) == head]
    by_update = query.get("sort") == "updated"
    found.sort(key=lambda one: (one.updated_at if by_update else one.created_at, one.id))
    if query.get("direction", "desc" if "sort" not in query else "asc") == "desc":
        found.reverse()
    return call.pages(found, call.views.pull)


@serves("GET", PULLS + "/{pull_number}", "pull_requests:read")
def pull(call: Call) -> Response:
    """One pull request, or its diff for `application/vnd.github.diff`."""
    found = call.pull
    if "diff" in call.request.headers.get("accept", ""):
        text = diffs.whole_diff(call.repo.store, found.base_sha, found.head_sha)
        if text.count("\n") > DIFF_LINES_LIMIT:
            raise Refused(
                406, f"Sorry, the diff exceeded the maximum number of lines ({DIFF_LINES_LIMIT})"
            )
        kind = "application/vnd.github.diff; charset=utf-8"
        return Response(status=200, headers={"content-type": kind}, body=text.encode())
    return Response.of(200, call.views.full_pull(found))


@serves("GET", PULLS + "/{pull_number}/files", "pull_requests:read")
def files(call: Call) -> Response:
    """The changed files, of which GitHub lists at most 3000."""
    found = call.pull
    changes = call.world.changes(found)[:FILES_LIMIT]
    return call.pages(changes, lambda change: call.views.file(found, change))


@serves("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments", "issues:read")
def issue_comments(call: Call) -> Response:
    """The conversation, oldest first."""
    number = call.pull.id
    found = [one for one in call.tables.issue_comments.values() if one.pull_id == number]
    return call.pages(found, call.views.issue_comment)


@serves("GET", "/repos/{owner}/{repo}/compare/{basehead}", "contents:read")
def compare(call: Call) -> Response:
    """The merge base of two commits given by SHA."""
    match = re.fullmatch(r"([0-9a-f]{40})\.\.\.([0-9a-f]{40})", call.params["basehead"])
    if match is None:
        raise not_found()
    return Response.of(200, call.views.comparison(call.repo, match[1], match[2]))


@serves("POST", "/repos/{owner}/{repo}/check-runs", "checks:write")
def check_run(call: Call) -> Response:
    """A check run, which only Apps may write."""
    repo: Repo = call.repo
    token = call.access.credential
    if token is None or token.kind not in (Kind.INSTALLATION, Kind.ACTIONS):
        raise Refused(403, "You must authenticate via a GitHub App.")
    asked = call.request.json()
    output = asked.get("output") or {}
    done = asked.get("conclusion") is not None
    made = CheckRun(
        id=call.world.new_id(),
        repo_id=repo.id,
        app_id=token.actor.id,
        name=asked["name"],
        sha=asked["head_sha"],
        status="completed" if done else asked.get("status", "queued"),
        conclusion=asked.get("conclusion"),
        title=output.get("title"),
        summary=output.get("summary"),
        started_at=call.world.stamp(),
    )
    call.world.save(made)
    return Response.of(201, call.views.check_run(made))


def _label(call: Call, pull: Pull) -> str:
    source = call.tables.repos.get(pull.head_repo_id or 0)
    return f"{source.owner.login if source else 'unknown'}:{pull.head_ref}"


def _invalid(field: str) -> Refused:
    error = {"resource": "PullRequest", "code": "invalid", "field": field}
    return Refused(422, "Validation Failed", errors=[error])
