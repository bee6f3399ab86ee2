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
    nodes { fullDatabaseId state viewerDidAuthor body }
  }
}"""
"""A `databaseId` has 32 bits, which the numbers of reviews have outgrown."""

DETAILS = """
fragment details on PullRequest {
  ...standing
  title body isDraft isCrossRepository baseRefOid baseRefName additions deletions mergedAt
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
    return query("Tips", count, "$after: String", repositories(count, "...tips")) + TIPS


def details_query(count: int) -> str:
    """Ask for the details of `count` pull requests."""
    asked = pulls(count, "...details")
    return query("Heads", count, f"{numbers(count)}, $before: String", asked) + DETAILS + STANDING


def roles_query(count: int) -> str:
    """Ask what our account may do in `count` repositories."""
    return query("Roles", count, "", repositories(count, "viewerPermission"))


def standing_query() -> str:
    """Ask where one pull request stands."""
    asked = pulls(1, "...standing")
    return query("Standing", 1, f"{numbers(1)}, $before: String", asked) + STANDING


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


def repositories(count: int, wanted: str) -> list[str]:
    """The fields r0, r1, … that ask for something of each repository."""
    return [f"r{n}: repository(owner: $o{n}, name: $n{n}) {{ {wanted} }}" for n in range(count)]


def pulls(count: int, wanted: str) -> list[str]:
    """The fields r0, r1, … that ask for something of each pull request."""
    return [
        f"r{n}: repository(owner: $o{n}, name: $n{n}) "
        f"{{ pullRequest(number: $p{n}) {{ {wanted} }} }}"
        for n in range(count)
    ]


def numbers(count: int) -> str:
    """How the pull requests' numbers are declared."""
    return ", ".join(f"$p{n}: Int!" for n in range(count))


def query(name: str, count: int, variables: str, asked: Sequence[str]) -> str:
    """A text with these fields, over `count` repositories and further `variables`."""
    names = "".join(f"$o{n}: String!, $n{n}: String!, " for n in range(count))
    fields = "\n  ".join((BUDGET, *asked))
    return f"query {name}({names}{variables}) {{\n  {fields}\n}}"
