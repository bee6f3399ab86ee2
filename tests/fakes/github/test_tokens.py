"""Who may do what: each sort of token, what it shows and what it is refused."""

from __future__ import annotations

import pytest
import requests
from github import Auth, BadCredentialsException, GithubException, GithubIntegration

from tests.fakes.github.scene import Scene, connect
from tests.fakes.github.server import FakeGitHub
from tests.fakes.github.tokens import App


def integration(hub: FakeGitHub, app: App, key: str | None = None) -> GithubIntegration:
    """PyGithub speaking as the App."""
    return GithubIntegration(
        base_url=hub.api_url,
        auth=Auth.AppAuth(app.id, key or app.private_key),
        retry=None,
        seconds_between_requests=None,
        seconds_between_writes=None,
    )


def test_a_classic_token_shows_its_scopes_and_a_fine_grained_one_what_an_endpoint_asks(
    scene: Scene,
) -> None:
    hub = scene.hub
    github = connect(hub, hub.tokens.classic(scene.bot, "repo", "read:org"))
    assert github.get_user().login == "sweeper"
    assert github.oauth_scopes == ["repo", "read:org"]
    github = connect(hub, scene.token)
    github.get_repo("acme/shop")
    assert github.oauth_scopes is None
    shown = hub.log[-1].response_headers
    assert shown["x-accepted-github-permissions"] == "metadata=read"
    assert shown["x-ratelimit-remaining"] == "4998", "both tokens use their user's budget"


def test_the_role_of_the_user_shows_in_the_repository(scene: Scene) -> None:
    github = connect(scene.hub, scene.token)
    assert github.get_repo("acme/shop").permissions.push is False
    scene.hub.world.grant(scene.repo, scene.bot, "write")
    assert github.get_repo("acme/shop").permissions.push is True


def test_a_missing_permission_is_403_and_names_what_is_missing(scene: Scene) -> None:
    reader = scene.hub.tokens.fine_grained(scene.bot, scene.repo.owner, pull_requests="read")
    pull = connect(scene.hub, reader).get_repo("acme/shop").get_pull(1)
    with pytest.raises(GithubException, match="not accessible by personal access token") as caught:
        pull.create_review(body="x", event="COMMENT")
    assert caught.value.status == 403
    assert caught.value.headers["x-accepted-github-permissions"] == "pull_requests=write"
    assert not scene.hub.world.tables.reviews


def test_a_revoked_token_is_a_bad_credential(scene: Scene) -> None:
    scene.hub.tokens.revoke(scene.token)
    with pytest.raises(BadCredentialsException, match="Bad credentials"):
        _ = scene.seen


def test_a_single_sign_on_that_the_token_lacks_is_403(scene: Scene) -> None:
    scene.hub.world.change(scene.repo, sso=True)
    with pytest.raises(GithubException, match="SAML"):
        connect(scene.hub, scene.token).get_repo("acme/shop")


def test_an_app_acts_through_its_installation(scene: Scene) -> None:
    hub = scene.hub
    app = hub.tokens.app("checker")
    for number in range(35):
        hub.tokens.install(app, hub.world.account(f"org-{number}", "Organization"))
    where = hub.tokens.install(app, scene.repo.owner, pull_requests="write", checks="write")
    door = integration(hub, app)
    assert door.get_app().slug == "checker"
    assert where.id in [one.id for one in door.get_installations()]
    assert len(hub.exchanges("GET", "/app/installations")) == 2
    assert door.get_repo_installation("acme", "shop").id == where.id
    github = door.get_github_for_installation(where.id)
    repo = github.get_repo("acme/shop")
    review = repo.get_pull(1).create_review(body="hm", event="COMMENT")
    assert (review.user.login, review.user.type) == ("checker[bot]", "Bot")
    run = repo.create_check_run("reviewer", scene.pull.head_sha, conclusion="neutral")
    assert run.status == "completed"
    reached = door.get_app_installation(where.id).get_repos()
    assert [one.full_name for one in reached] == ["acme/shop"]
    with pytest.raises(GithubException, match="not accessible by integration"):
        github.requester.requestJsonAndCheck("GET", "/user")


def test_an_installation_token_can_be_narrowed_but_not_widened(scene: Scene) -> None:
    hub = scene.hub
    other = hub.world.repo("acme/other", private=True)
    app = hub.tokens.app("checker")
    where = hub.tokens.install(app, scene.repo.owner, pull_requests="write")
    door = integration(hub, app)
    path = f"/app/installations/{where.id}/access_tokens"

    def minted(**asked: object) -> str:
        _, answer = door.requester.requestJsonAndCheck("POST", path, input=asked)
        return str(answer["token"])

    narrow = connect(hub, minted(repositories=["shop"], permissions={"pull_requests": "read"}))
    assert narrow.get_repo("acme/shop").get_pull(1).number == 1
    with pytest.raises(GithubException, match="404"):
        narrow.get_repo(other.full_name)
    with pytest.raises(GithubException, match="not accessible by integration"):
        narrow.get_repo("acme/shop").get_pull(1).create_review(body="x", event="COMMENT")
    with pytest.raises(GithubException, match="not granted"):
        minted(permissions={"contents": "write"})
    with pytest.raises(GithubException, match="does not exist or is not accessible"):
        minted(repositories=["nowhere"])


def test_an_installation_token_ends_after_an_hour(scene: Scene) -> None:
    app = scene.hub.tokens.app("checker")
    where = scene.hub.tokens.install(app, scene.repo.owner)
    github = connect(scene.hub, scene.hub.tokens.mint(where).value)
    github.get_repo("acme/shop")
    scene.hub.world.now += 3601
    with pytest.raises(BadCredentialsException):
        github.get_repo("acme/shop")


def test_a_jwt_with_the_wrong_key_is_refused(scene: Scene) -> None:
    app, other = scene.hub.tokens.app("checker"), scene.hub.tokens.app("other")
    with pytest.raises(GithubException, match="could not be decoded"):
        integration(scene.hub, app, other.private_key).get_app()


def test_an_installation_token_is_long_and_holds_dots_and_an_app_has_a_budget_of_its_own(
    scene: Scene,
) -> None:
    app = scene.hub.tokens.app("checker")
    where = scene.hub.tokens.install(app, scene.repo.owner)
    door = integration(scene.hub, app)
    token = door.get_access_token(where.id).token
    assert token.startswith("ghs_")
    assert token.count(".") == 2
    assert connect(scene.hub, token).get_repo("acme/shop").name == "shop"
    limits = [one.response_headers["x-ratelimit-limit"] for one in scene.hub.log]
    assert limits == ["5000", "5000"]


def test_the_public_reads_what_is_public_60_times_an_hour(scene: Scene) -> None:
    answer = requests.get(f"{scene.hub.api_url}/repos/acme/shop", timeout=5)
    assert answer.headers["x-ratelimit-limit"] == "60"
    assert answer.json()["name"] == "shop"
    written = requests.post(f"{scene.hub.api_url}/repos/acme/shop/pulls/1/reviews", timeout=5)
    assert written.status_code == 401


def test_the_token_of_a_workflow_has_one_repository_and_the_smaller_limit(scene: Scene) -> None:
    token = scene.hub.tokens.actions(scene.repo, pull_requests="write")
    github = connect(scene.hub, token)
    review = github.get_repo("acme/shop").get_pull(1).create_review(body="x", event="COMMENT")
    assert review.user.login == "github-actions[bot]"
    assert github.rate_limiting[1] == 1000


def test_the_hourly_limit_ends_and_comes_back(scene: Scene) -> None:
    scene.hub.limits.limits["core"] = 2
    github = connect(scene.hub, scene.token)
    github.get_repo("acme/shop").get_pull(1)
    with pytest.raises(GithubException, match="API rate limit exceeded") as caught:
        github.get_repo("acme/shop")
    assert caught.value.headers["x-ratelimit-remaining"] == "0"
    assert github.get_rate_limit().resources.core.remaining == 0
    scene.hub.world.now += 3601
    github.get_repo("acme/shop")


def test_lists_of_repositories_show_what_the_token_sees(hub: FakeGitHub) -> None:
    public = hub.world.repo("acme/public", topics=("review",))
    secret = hub.world.repo("acme/secret", private=True)
    bot = hub.world.account("sweeper")
    hub.world.repo("sweeper/own", private=True)
    hub.world.grant(secret, bot, "read")
    classic = connect(hub, hub.tokens.classic(bot, "repo"))
    narrow = connect(hub, hub.tokens.fine_grained(bot, public.owner, [public]))
    org = f"/orgs/{public.owner.login}/repos"

    def names(path: str, of: object) -> list[str]:
        return [one["name"] for one in of.requester.requestJsonAndCheck("GET", path)[1]]  # type: ignore[attr-defined]

    assert names(org, classic) == ["public", "secret"]
    assert names(org, narrow) == ["public"]
    assert names("/user/repos", classic) == ["secret", "own"]
    assert names("/users/sweeper/repos", classic) == []


@pytest.mark.parametrize(
    ("contents", "role", "status"),
    [("write", "write", 200), ("read", "write", 403), ("write", "read", 403)],
)
def test_a_push_gets_to_its_list_of_branches_only_with_the_permission_and_the_role(
    scene: Scene, contents: str, role: str, status: int
) -> None:
    hub = scene.hub
    hub.world.grant(scene.repo, scene.bot, role)
    token = hub.tokens.fine_grained(scene.bot, scene.repo.owner, contents=contents)
    url = f"{hub.origin}/acme/shop.git"
    asked = requests.get(
        f"{url}/info/refs?service=git-receive-pack", auth=("x-access-token", token), timeout=9
    )
    assert asked.status_code == status
    pushed = requests.post(f"{url}/git-receive-pack", auth=("x-access-token", token), timeout=9)
    assert pushed.status_code == 403, "nothing is ever pushed here"


@pytest.mark.parametrize(
    ("administration", "role", "status"),
    [("read", "admin", 200), ("none", "admin", 403), ("write", "write", 403)],
)
def test_deploy_keys_are_shown_to_administrators_even_where_all_is_public(
    scene: Scene, administration: str, role: str, status: int
) -> None:
    hub = scene.hub
    hub.world.grant(scene.repo, scene.bot, role)
    token = hub.tokens.fine_grained(scene.bot, scene.repo.owner, administration=administration)
    asked = requests.get(
        f"{hub.api_url}/repos/acme/shop/keys",
        headers={"authorization": f"Bearer {token}"},
        timeout=9,
    )
    assert asked.status_code == status
