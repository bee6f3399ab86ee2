"""REST about issues: the doors to the rules in `issues.py`; lists show pull requests as well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.fakes.github import issues
from tests.fakes.github.messages import Refused, Response, not_found
from tests.fakes.github.rest import Call, serves
from tests.fakes.github.rows import Issue, Pull, Tables, iso
from tests.fakes.github.views import Json
from tests.fakes.github.views_pulls import NO_REACTIONS

ISSUES = "/repos/{owner}/{repo}/issues"
ISSUE = ISSUES + "/{issue_number}"


@serves("GET", ISSUES, "issues:read")
def listed(call: Call) -> Response:
    """Issues and pull requests, by default the open ones, newest first."""
    query, repo = call.request.query, call.repo
    found: list[Issue | Pull] = [*call.tables.issues_of(repo), *call.tables.pulls_of(repo)]
    wanted = query.get("state", "open")
    if wanted != "all":
        found = [one for one in found if (one.state == "open") == (wanted == "open")]
    if creator := query.get("creator"):
        account = call.tables.account(creator)
        if account is None:
            raise Refused(422, "Validation Failed", errors=[{"field": "creator"}])
        found = [one for one in found if one.author_id == account.id]
    by_update = query.get("sort") == "updated"
    found.sort(key=lambda one: (one.updated_at if by_update else one.created_at, one.id))
    if query.get("direction", "desc") == "desc":
        found.reverse()
    return call.pages(found, lambda one: _shown(call, one, call.tables))


@serves("POST", ISSUES, "issues:write")
def create(call: Call) -> Response:
    """An issue."""
    asked = call.request.json()
    made = issues.create(call.world, call.repo, call.viewer, asked.get("title"), asked.get("body"))
    return Response.of(201, _shown(call, made, call.world.tables))


@serves("PATCH", ISSUE, "issues:write")
def edit(call: Call) -> Response:
    """Another title, body or state."""
    asked: Mapping[str, Any] = call.request.json()
    changes = {name: asked[name] for name in ("title", "body", "state") if name in asked}
    done = issues.edit(call.world, _issue(call), **changes)
    return Response.of(200, _shown(call, done, call.world.tables))


def _issue(call: Call) -> Issue:
    number = call.params["issue_number"]
    for one in call.tables.issues_of(call.repo):
        if str(one.number) == number:
            return one
    raise not_found()


def _shown(call: Call, row: Issue | Pull, tables: Tables) -> Json:
    """An issue, or a pull request as issues show it."""
    views, repo = call.views, tables.repos[row.repo_id]
    url = f"{views.api_url}/repos/{repo.full_name}/issues/{row.number}"
    shown: Json = {
        "id": row.id,
        "node_id": row.node_id,
        "number": row.number,
        "url": url,
        "repository_url": f"{views.api_url}/repos/{repo.full_name}",
        "labels_url": f"{url}/labels{{/name}}",
        "comments_url": f"{url}/comments",
        "events_url": f"{url}/events",
        "html_url": f"{views.origin}/{repo.full_name}/issues/{row.number}",
        "title": row.title,
        "body": row.body,
        "state": "open" if row.state == "open" else "closed",
        "user": views.user(tables.accounts[row.author_id]) if row.author_id else None,
        "labels": [],
        "assignee": None,
        "assignees": [],
        "milestone": None,
        "locked": False,
        "comments": 0,
        "closed_at": None if row.state == "open" else iso(row.updated_at),
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
        "author_association": "NONE",
        "reactions": {"url": f"{url}/reactions", **NO_REACTIONS},
    }
    if isinstance(row, Pull):
        html = f"{views.origin}/{repo.full_name}/pull/{row.number}"
        at = f"{views.api_url}/repos/{repo.full_name}/pulls/{row.number}"
        shown["pull_request"] = {
            "url": at,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
        }
    return shown
