"""REST about who asks and what there is: users, organisations, Apps, limits, repositories."""

from __future__ import annotations

from urllib.parse import unquote

from tests.fakes.github.limits import CORE, GRAPHQL, USUAL
from tests.fakes.github.messages import Refused, Response, not_found
from tests.fakes.github.rest import Call, serves
from tests.fakes.github.rows import Account, Repo
from tests.fakes.github.tokens import App, Installation, Kind

LISTED = "minimal-repository-items"
OWNED = "repository-items-default-response"


@serves("GET", "/user")
def user(call: Call) -> Response:
    """Who the token acts as; an installation is not a user."""
    viewer = call.viewer
    if call.access.credential and not call.access.credential.is_users:
        raise Refused(403, call.access.refusal)
    return Response.of(200, call.views.private_user(viewer))


@serves("GET", "/users/{username}")
def public_user(call: Call) -> Response:
    """Anybody, bots included."""
    return Response.of(200, call.views.private_user(_account(call, call.params["username"])))


@serves("GET", "/rate_limit")
def rate_limit(call: Call) -> Response:
    """The budgets, free of charge."""
    token = call.access.credential
    holder = token.budget if token else "public"
    shown = {}
    for resource in (CORE, GRAPHQL, "search"):
        budget = call.limits.of(holder, resource, USUAL, call.world.now)
        shown[resource] = {
            "limit": budget.limit,
            "used": budget.used,
            "remaining": budget.remaining,
            "reset": int(budget.reset_at),
        }
    return Response.of(200, {"resources": shown, "rate": shown[CORE]})


@serves("GET", "/app")
def app(call: Call) -> Response:
    """The App whose JWT this is."""
    return Response.of(200, call.views.app(_app(call)))


@serves("GET", "/app/installations")
def installations(call: Call) -> Response:
    """Where the App is installed."""
    return call.pages(_installations(call), call.views.installation)


@serves("GET", "/app/installations/{installation_id}")
def installation(call: Call) -> Response:
    """One installation."""
    return Response.of(200, call.views.installation(_installation(call)))


@serves("GET", "/repos/{owner}/{repo}/installation")
def installation_of_repo(call: Call) -> Response:
    """The installation that covers a repository."""
    wanted = call.tables.repo(call.params["owner"], call.params["repo"])
    for one in _installations(call):
        if wanted and one.account.id == wanted.owner.id and _covers(one, wanted):
            return Response.of(200, call.views.installation(one))
    raise not_found()


@serves("POST", "/app/installations/{installation_id}/access_tokens")
def access_token(call: Call) -> Response:
    """A token for an hour, narrowed as the body asks."""
    asked = call.request.json()
    where = _installation(call)
    repos = _chosen(call, where.account, asked)
    token = call.tokens.mint(where, asked.get("permissions"), repos)
    return Response.of(201, call.views.installation_token(token))


@serves("GET", "/installation/repositories")
def installation_repositories(call: Call) -> Response:
    """What an installation token reaches."""
    token = call.access.credential
    if token is None or token.kind not in (Kind.INSTALLATION, Kind.ACTIONS):
        raise Refused(403, "You must authenticate with an installation access token.")
    reached = [repo for repo in call.tables.repos.values() if call.access.reaches(repo)]
    return call.pages(reached, lambda repo: call.views.repo(repo, OWNED), "repositories")


@serves("GET", "/orgs/{org}/repos")
def org_repos(call: Call) -> Response:
    """The organisation's repositories that are seen."""
    owner = _account(call, call.params["org"])
    if owner.kind != "Organization":
        raise not_found()
    return _repositories(call, owner)


@serves("GET", "/users/{username}/repos")
def user_repos(call: Call) -> Response:
    """Public repositories only, also for the user."""
    owner = _account(call, call.params["username"])
    public = [repo for repo in call.tables.repos_of(owner) if not repo.private]
    return call.pages(public, lambda repo: call.views.repo(repo, LISTED))


@serves("GET", "/user/repos")
def own_repos(call: Call) -> Response:
    """Every repository in which the token's user has a role and that the token reaches."""
    viewer = call.viewer
    reached = [
        repo
        for repo in call.tables.repos.values()
        if call.access.reaches(repo) and (repo.owner.id == viewer.id or viewer.id in repo.roles)
    ]
    return call.pages(reached, lambda repo: call.views.repo(repo, OWNED))


@serves("GET", "/repos/{owner}/{repo}", "metadata:read")
def repository(call: Call) -> Response:
    """One repository with the actor's permissions."""
    return Response.of(200, call.views.repo(call.repo))


@serves("GET", "/repos/{owner}/{repo}/collaborators/{username}/permission", "metadata:read")
def collaborator_permission(call: Call) -> Response:
    """The role of an account by its old and its new name; everybody reads what is public."""
    repo = call.repo
    who = _account(call, unquote(call.params["username"]))
    role = "admin" if who.id == repo.owner.id else repo.roles.get(who.id)
    role = role or ("none" if repo.private else "read")
    user = call.views.user(who) or {}
    shown = {
        "permission": {"maintain": "write", "triage": "read"}.get(role, role),
        "role_name": role,
        "user": {**user, "role_name": role},
    }
    return Response.of(200, shown)


@serves("GET", "/repos/{owner}/{repo}/keys", "administration:read")
def deploy_keys(call: Call) -> Response:
    """No deploy key was ever added, which only administrators may know."""
    _ = call.repo
    return Response.of(200, [])


def _repositories(call: Call, owner: Account) -> Response:
    seen = [repo for repo in call.tables.repos_of(owner) if call.access.sees(repo)]
    return call.pages(seen, lambda repo: call.views.repo(repo, LISTED))


def _account(call: Call, login: str) -> Account:
    found = call.tables.account(login)
    if found is None:
        raise not_found()
    return found


def _app(call: Call) -> App:
    _, _, token = call.request.headers.get("authorization", "").partition(" ")
    return call.tokens.app_of(token.strip())


def _installations(call: Call) -> list[Installation]:
    mine = _app(call)
    return [one for one in call.tokens.installations.values() if one.app.id == mine.id]


def _installation(call: Call) -> Installation:
    for one in _installations(call):
        if str(one.id) == call.params["installation_id"]:
            return one
    raise not_found()


def _covers(where: Installation, repo: Repo) -> bool:
    return where.repo_ids is None or repo.id in where.repo_ids


def _chosen(call: Call, owner: Account, asked: dict[str, object]) -> list[Repo] | None:
    """The repositories that a token is asked for by name or id; None when it is for all."""
    names, ids = asked.get("repositories"), asked.get("repository_ids")
    if names is None and ids is None:
        return None
    mine = call.tables.repos_of(owner)
    found = [repo for repo in mine if repo.name in (names or ()) or repo.id in (ids or ())]  # type: ignore[operator]
    if len(found) < len(names or ()) + len(ids or ()):  # type: ignore[arg-type]
        raise Refused(
            422,
            "There is at least one repository that does not exist or is not accessible to the "
            "parent installation.",
        )
    return found
