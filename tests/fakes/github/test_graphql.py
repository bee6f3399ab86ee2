"""GraphQL of the fake: the official schema over the world, with limits and partial errors."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse

from tests.fakes.github import graphql_cost, spec
from tests.fakes.github.graphql_api import NotModelled
from tests.fakes.github.scene import Scene, connect
from tests.fakes.github.server import FakeGitHub

pytestmark = spec.needs_graphql

PULLS = """
fragment pulls on Repository {
  id nameWithOwner isArchived
  pullRequests(states: OPEN, first: $page, after: $after,
               orderBy: {field: UPDATED_AT, direction: DESC}) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id number title isDraft isCrossRepository headRefOid headRefName baseRefOid baseRefName
            updatedAt author { __typename login } }
  }
}"""


def ask(scene: Scene, query: str, token: str | None = None, **variables: Any) -> dict[str, Any]:
    """The answer to a query, errors and all."""
    requester = connect(scene.hub, token or scene.token).requester
    body = {"query": query, "variables": variables}
    answer: dict[str, Any] = requester.requestJsonAndCheck(
        "POST", requester.graphql_url, input=body
    )[1]
    return answer


def test_one_query_polls_many_repositories_and_one_failure_is_its_own(scene: Scene) -> None:
    world = scene.hub.world
    world.repo("acme/empty")
    world.change(world.repo("acme/locked"), sso=True)
    query = "query($page: Int!, $after: String) { rateLimit { cost remaining resetAt }" + "".join(
        f' r{i}: repository(owner: "acme", name: "{name}", followRenames: true) {{ ...pulls }}'
        for i, name in enumerate(("shop", "empty", "gone", "locked"))
    )
    answer = ask(scene, query + "}" + PULLS, page=100)
    pull = answer["data"]["r0"]["pullRequests"]["nodes"][0]
    assert pull["headRefOid"] == scene.pull.head_sha
    assert pull["author"] == {"__typename": "User", "login": "ada"}
    assert answer["data"]["r1"]["pullRequests"]["nodes"] == []
    assert (answer["data"]["r2"], answer["data"]["r3"]) == (None, None)
    failed = {tuple(one["path"]): one["type"] for one in answer["errors"]}
    assert failed == {("r2",): "NOT_FOUND", ("r3",): "FORBIDDEN"}
    assert answer["data"]["rateLimit"]["cost"] == 1
    assert answer["data"]["rateLimit"]["remaining"] == 4999
    assert scene.hub.counters.points == 1


def test_pages_follow_cursors_while_the_list_changes(scene: Scene) -> None:
    world = scene.hub.world
    for number in range(4):
        world.pull(scene.repo, {f"{number}.py": "x\n"})
    query = "query($page: Int!, $after: String, $id: ID!) { node(id: $id) { ...pulls } }" + PULLS
    first = ask(scene, query, page=2, id=scene.repo.node_id)["data"]["node"]["pullRequests"]
    assert [one["number"] for one in first["nodes"]] == [5, 4]
    world.push(scene.pull, {"z.py": "z\n"})
    after = first["pageInfo"]["endCursor"]
    rest = ask(scene, query, page=2, after=after, id=scene.repo.node_id)["data"]["node"]
    assert [one["number"] for one in rest["pullRequests"]["nodes"]] == [3, 2]
    assert rest["pullRequests"]["pageInfo"]["hasNextPage"] is False


def test_ids_find_repositories_and_a_lost_one_is_null(scene: Scene) -> None:
    query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Repository { nameWithOwner } } }"
    scene.hub.world.rename(scene.repo, "acme/store")
    answer = ask(scene, query, ids=[scene.repo.node_id, "R_kwDO99999999"])
    assert answer["data"]["nodes"] == [{"nameWithOwner": "acme/store"}, None]
    assert answer["errors"][0]["type"] == "NOT_FOUND"
    assert answer["errors"][0]["path"] == ["nodes", 1]


def test_a_former_name_is_followed_only_when_asked(scene: Scene) -> None:
    scene.hub.world.rename(scene.repo, "acme/store")
    query = (
        'query($f: Boolean) { repository(owner: "acme", name: "shop", followRenames: $f)'
        " { nameWithOwner } }"
    )
    assert ask(scene, query, f=True)["data"]["repository"]["nameWithOwner"] == "acme/store"
    assert ask(scene, query, f=False)["errors"][0]["type"] == "NOT_FOUND"


def test_details_reviews_and_threads_of_a_pull_request(scene: Scene) -> None:
    comments = [{"path": "a.py", "line": 40, "side": "RIGHT", "body": "Here."}]
    requester = connect(scene.hub, scene.token).requester
    review = {"body": "x", "event": "COMMENT", "comments": comments}
    requester.requestJsonAndCheck("POST", "/repos/acme/shop/pulls/1/reviews", input=review)
    scene.hub.world.push(scene.pull, {"a.py": "short\n"})
    query = """query($id: ID!) { viewer { login } node(id: $id) { ... on PullRequest {
      additions changedFiles mergeable body labels(first: 9) { nodes { name } }
      headRepository { nameWithOwner }
      reviews(first: 9) { nodes { state databaseId commit { oid } author { login } } }
      reviewThreads(first: 9) { nodes { id isResolved isOutdated viewerCanResolve path line
        originalLine comments(first: 1) { nodes { body author { login } } } } } } } }"""
    answer = ask(scene, query, id=scene.pull.node_id)["data"]
    assert answer["viewer"] == {"login": "sweeper"}
    node = answer["node"]
    assert (node["mergeable"], node["labels"]["nodes"]) == ("MERGEABLE", [{"name": "bug"}])
    assert node["reviews"]["nodes"][0]["commit"]["oid"] == scene.pull.head_sha
    thread = node["reviewThreads"]["nodes"][0]
    assert (thread["line"], thread["originalLine"], thread["isOutdated"]) == (None, 40, True)
    assert thread["viewerCanResolve"] is False


def test_the_bot_of_an_app_has_no_suffix_in_graphql(scene: Scene) -> None:
    app = scene.hub.tokens.app("checker")
    scene.hub.world.edit(scene.pull, author_id=app.bot.id)
    query = (
        'query { repository(owner: "acme", name: "shop") { pullRequest(number: 1) {'
        " author { __typename login } } } }"
    )
    author = ask(scene, query)["data"]["repository"]["pullRequest"]["author"]
    assert author == {"__typename": "Bot", "login": "checker"}


def test_threads_on_files_resolving_and_minimising(scene: Scene) -> None:
    add = """mutation($pull: ID!, $body: String!) { addPullRequestReviewThread(input: {
      pullRequestId: $pull, path: "a.py", subjectType: FILE, body: $body }) {
        thread { id subjectType comments(first: 1) { nodes { id state } } } } }"""
    added = ask(scene, add, pull=scene.pull.node_id, body="All of it.")["data"]
    thread = added["addPullRequestReviewThread"]["thread"]
    comment = thread["comments"]["nodes"][0]
    assert (thread["subjectType"], comment["state"]) == ("FILE", "PENDING")
    resolve = """mutation($id: ID!) { resolveReviewThread(input: {threadId: $id}) {
      thread { isResolved } } }"""
    assert ask(scene, resolve, id=thread["id"])["errors"][0]["type"] == "FORBIDDEN"
    strong = scene.hub.tokens.fine_grained(
        scene.bot, scene.repo.owner, pull_requests="write", contents="write"
    )
    resolved = ask(scene, resolve, strong, id=thread["id"])["data"]["resolveReviewThread"]
    assert resolved["thread"]["isResolved"]
    minimise = """mutation($id: ID!) { minimizeComment(input: {subjectId: $id,
      classifier: OUTDATED}) { minimizedComment { isMinimized minimizedReason } } }"""
    minimised = ask(scene, minimise, id=comment["id"])["data"]["minimizeComment"]
    assert minimised["minimizedComment"] == {"isMinimized": True, "minimizedReason": "outdated"}


def test_a_thread_outside_the_diff_is_taken_and_stands_nowhere(scene: Scene) -> None:
    add = """mutation($pull: ID!) { addPullRequestReviewThread(input: {
      pullRequestId: $pull, path: "a.py", line: 25, body: "x" }) { thread { line } } }"""
    added = ask(scene, add, pull=scene.pull.node_id)["data"]["addPullRequestReviewThread"]
    assert added["thread"]["line"] is None


def test_owners_list_their_repositories(scene: Scene) -> None:
    world = scene.hub.world
    world.repo("acme/attic", archived=True)
    world.repo("acme/secret", private=True)
    blind = scene.hub.tokens.classic(world.account("bob"))
    query = """query($a: Boolean) { organization(login: "acme") { repositories(first: 10,
      isArchived: $a, orderBy: {field: NAME, direction: ASC}) { nodes { name } } }
      repositoryOwner(login: "ada") { __typename login } }"""
    answer = ask(scene, query)["data"]
    names = [one["name"] for one in answer["organization"]["repositories"]["nodes"]]
    assert names == ["attic", "secret", "shop"]
    assert answer["repositoryOwner"] == {"__typename": "User", "login": "ada"}
    kept = ask(scene, query, blind, a=False)["data"]["organization"]["repositories"]["nodes"]
    assert [one["name"] for one in kept] == ["shop"]


def test_search_finds_pull_requests_and_lags_on_request(scene: Scene) -> None:
    world = scene.hub.world
    query = """query($q: String!) { search(type: ISSUE, query: $q, first: 10) { issueCount
      nodes { ... on PullRequest { number repository { nameWithOwner } } } } }"""
    since = "updated:>=2020-01-01T00:00:00Z"
    world.pull(scene.repo, {"x.py": "x\n"}, draft=True)
    found = ask(scene, query, q=f"is:pr is:open org:acme {since}")["data"]["search"]
    assert found["issueCount"] == 2
    assert ask(scene, query, q="is:pr is:open draft:false org:acme")["data"]["search"]["nodes"] == [
        {"number": 1, "repository": {"nameWithOwner": "acme/shop"}}
    ]
    assert (
        ask(scene, query, q="is:pr repo:acme/shop repo:a/b -author:ada")["data"]["search"][
            "issueCount"
        ]
        == 0
    )
    scene.hub.graphql.search_lag = 1
    assert ask(scene, query, q="is:pr is:open org:acme")["data"]["search"]["issueCount"] == 1
    topics = """query { search(type: REPOSITORY, query: "org:acme topic:review archived:false",
      first: 10) { repositoryCount nodes { ... on Repository { name } } } }"""
    world.change(scene.repo, topics=("review",))
    scene.hub.graphql.search_lag = 0
    assert ask(scene, topics)["data"]["search"]["nodes"] == [{"name": "shop"}]


def test_a_used_up_budget_is_http_200(scene: Scene) -> None:
    scene.hub.limits.limits["graphql"] = 1
    query = "query { viewer { login } }"
    ask(scene, query)
    answer = ask(scene, query)
    assert answer["errors"][0]["type"] == "RATE_LIMITED"
    assert scene.hub.log[-1].status == 200


@pytest.mark.parametrize(
    ("query", "requests", "points", "nodes"),
    [
        (
            "{viewer{repositories(first:100){nodes{issues(first:50){nodes{labels(first:60)"
            "{nodes{id}}}}}}}}",
            5101,
            51,
            305_100,
        ),
        ("{viewer{repositories(first:50){nodes{issues(first:10){nodes{id}}}}}}", 51, 1, 550),
    ],
)
def test_the_cost_is_that_of_github_s_own_examples(
    query: str, requests: int, points: int, nodes: int
) -> None:
    price = graphql_cost.cost(parse(query), {})
    assert (price.requests, price.points, price.nodes) == (requests, points, nodes)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("{", "Syntax Error"),
        ("{ viewer { bogus } }", "Cannot query field 'bogus'"),
        ('{ organization(login: "acme") { repositories { totalCount } } }', "`first` or `last`"),
        ('{ organization(login: "acme") { repositories(first: 101) { totalCount } } }', "exceeds"),
        (
            '{ organization(login: "acme") { repositories(first: 100) { nodes { pullRequests('
            "first: 100) { nodes { labels(first: 100) { nodes { id } } } } } } } }",
            "exceeds the maximum limit",
        ),
        ('{ organization(login: "nobody") { id } }', "Could not resolve to an Organization"),
    ],
)
def test_what_github_refuses_is_refused(careless: Scene, query: str, sentence: str) -> None:
    assert sentence in ask(careless, query)["errors"][0]["message"]


def test_a_field_that_the_fake_lacks_fails_loudly(scene: Scene) -> None:
    with pytest.raises(Exception, match="NotModelled"):
        ask(scene, 'query { repository(owner: "acme", name: "shop") { stargazerCount } }')
    assert isinstance(scene.hub.defects.pop(), NotModelled)
    scene.hub.log.clear()


def test_without_permission_pull_requests_are_forbidden_and_without_a_token_all_is(
    hub: FakeGitHub,
) -> None:
    repo = hub.world.repo("acme/secret", private=True)
    bot = hub.world.account("sweeper")
    scene = Scene(hub, repo, None, bot, hub.tokens.fine_grained(bot, repo.owner))  # type: ignore[arg-type]
    query = (
        'query { repository(owner: "acme", name: "secret") { name '
        "pullRequests(first: 1) { totalCount } } }"
    )
    answer = ask(scene, query)
    assert answer["errors"][0]["type"] == "FORBIDDEN"
    assert answer["errors"][0]["path"] == ["repository", "pullRequests"]
    with pytest.raises(Exception, match="Bad credentials"):
        ask(scene, query, "ghp_wrong")
