"""The GraphQL texts; everything that comes from outside travels in variables, never in the text."""

from __future__ import annotations

from collections.abc import Sequence

from reviewer_cli.core.models import HeadKey

BUDGET = "rateLimit { cost remaining resetAt }"

ALIVE = f"query Alive {{ {BUDGET} }}"

VIEWER = f"query Viewer {{ {BUDGET} viewer {{ login databaseId }} }}"

TIPS = """
fragment tips on Repository {
  id nameWithOwner isArchived
  pullRequests(states: OPEN, first: 100, after: $after,
               orderBy: {field: CREATED_AT, direction: ASC}) {
    pageInfo { hasNextPage endCursor }
    nodes { number updatedAt headRefOid headRefName baseRefOid baseRefName }
  }
}"""

MORE_TIPS = f"""
query MoreTips($id: ID!, $after: String) {{
  {BUDGET}
  node(id: $id) {{ ...tips }}
}}{TIPS}"""

STANDING = """
fragment standing on PullRequest {
  state headRefOid
  reviews(last: 100, before: $before) {
    pageInfo { hasPreviousPage startCursor }
    nodes { databaseId state viewerDidAuthor body }
  }
}"""

DETAILS = """
fragment details on PullRequest {
  ...standing
  title body isDraft isCrossRepository baseRefOid baseRefName additions deletions
  author { __typename login }
  labels(first: 50) { nodes { name } }
}"""

OWNED = f"""
query Owned($owner: String!, $after: String) {{
  {BUDGET}
  repositoryOwner(login: $owner) {{
    repositories(first: 100, after: $after, ownerAffiliations: OWNER) {{
      pageInfo {{ hasNextPage endCursor }}
      nodes {{
        nameWithOwner isArchived isFork
        repositoryTopics(first: 20) {{ nodes {{ topic {{ name }} }} }}
      }}
    }}
  }}
}}"""


def tips_query(count: int) -> str:
    """Ask for the tips of `count` repositories."""
    asked = [f"r{n}: repository(owner: $o{n}, name: $n{n}) {{ ...tips }}" for n in range(count)]
    return _query("Tips", count, "$after: String", asked) + TIPS


def details_query(count: int) -> str:
    """Ask for the details of `count` pull requests."""
    return _pulls_query("Heads", count, "...details") + DETAILS + STANDING


def roles_query(count: int) -> str:
    """Ask what our account may do in `count` repositories."""
    asked = [
        f"r{n}: repository(owner: $o{n}, name: $n{n}) {{ viewerPermission }}" for n in range(count)
    ]
    return _query("Roles", count, "", asked)


def standing_query() -> str:
    """Ask where one pull request stands."""
    return _pulls_query("Standing", 1, "...standing") + STANDING


def repository_variables(repos: Sequence[str]) -> dict[str, str | int | None]:
    """The variables $o0, $n0, $o1, $n1, … for these `owner/name` pairs."""
    variables: dict[str, str | int | None] = {}
    for number, repo in enumerate(repos):
        variables[f"o{number}"], _, variables[f"n{number}"] = repo.partition("/")
    return variables


def pull_variables(keys: Sequence[HeadKey]) -> dict[str, str | int | None]:
    """The same with $p0, $p1, … for the pull requests' numbers."""
    variables = repository_variables([key.repo for key in keys])
    return variables | {f"p{number}": int(key.pull) for number, key in enumerate(keys)}


def _pulls_query(name: str, count: int, fragment: str) -> str:
    numbers = "".join(f"$p{n}: Int!, " for n in range(count))
    asked = [
        f"r{n}: repository(owner: $o{n}, name: $n{n}) "
        f"{{ pullRequest(number: $p{n}) {{ {fragment} }} }}"
        for n in range(count)
    ]
    return _query(name, count, f"{numbers}$before: String", asked)


def _query(name: str, count: int, variables: str, asked: Sequence[str]) -> str:
    names = "".join(f"$o{n}: String!, $n{n}: String!, " for n in range(count))
    fields = "\n  ".join((BUDGET, *asked))
    return f"query {name}({names}{variables}) {{\n  {fields}\n}}"
