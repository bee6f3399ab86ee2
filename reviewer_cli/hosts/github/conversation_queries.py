"""The GraphQL texts about what was said on pull requests, and about those that were merged.

What a text costs is GitHub's documented formula: the requests that it takes to fill every
connection if each `first` or `last` were reached, over 100. A connection without either, of which
only the number is asked for, counts as nothing (measured against GitHub by sourcegraph).
"""

from __future__ import annotations

from reviewer_cli.hosts.github.queries import BUDGET, numbers, pulls, query, repositories

THREADS = 50
COMMENTS_IN_THREAD = 50
REMARKS = 50
REVIEWS = 50
MERGED = 50
REACTORS = 20

SAID = """
fragment said on Comment {
  id body createdAt viewerDidAuthor authorAssociation
  author { __typename login }
}
fragment thumbs on Reactable {
  reactionGroups { content viewerHasReacted reactors { totalCount } }
}"""

THREADS_PAGE = f"""
fragment threads on PullRequestReviewThreadConnection {{
  pageInfo {{ hasNextPage endCursor }}
  nodes {{
    id path originalLine originalStartLine diffSide isResolved
    resolvedBy {{ login isViewer }}
    comments(first: {COMMENTS_IN_THREAD}) {{
      pageInfo {{ hasNextPage }}
      nodes {{
        ...said ...thumbs
        state isMinimized
        originalCommit {{ oid }}
        pullRequestReview {{ fullDatabaseId }}
      }}
    }}
  }}
}}"""

CONVERSATION = f"""
fragment conversation on PullRequest {{
  id state headRefOid updatedAt closedAt mergedAt
  author {{ login }}
  mergeCommit {{ oid }}
  reviewThreads(first: {THREADS}) {{ ...threads }}
  comments(last: {REMARKS}) {{
    pageInfo {{ hasPreviousPage }}
    nodes {{ ...said ...thumbs isMinimized }}
  }}
  reviews(last: {REVIEWS}, states: [APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED]) {{
    pageInfo {{ hasPreviousPage }}
    nodes {{ ...said ...thumbs isMinimized }}
  }}
}}"""

MORE_THREADS = f"""
query MoreThreads($id: ID!, $after: String) {{
  {BUDGET}
  node(id: $id) {{
    ... on PullRequest {{ reviewThreads(first: {THREADS}, after: $after) {{ ...threads }} }}
  }}
}}{THREADS_PAGE}{SAID}"""
"""One request and a comment page for each of 50 threads: 51, which is one point."""

THUMBS = f"""
query Thumbs($ids: [ID!]!) {{
  {BUDGET}
  nodes(ids: $ids) {{
    id
    ... on Reactable {{
      reactionGroups {{
        content
        reactors(first: {REACTORS}) {{ nodes {{ ... on Actor {{ login }} }} }}
      }}
    }}
  }}
}}"""
"""Who reacted to 100 comments: one request for each of at most eight reactions to each of them,
which is eight points."""

MERGED_PULLS = f"""
fragment merged on Repository {{
  id nameWithOwner
  pullRequests(states: MERGED, first: {MERGED}, after: $after,
               orderBy: {{field: UPDATED_AT, direction: DESC}}) {{
    pageInfo {{ hasNextPage endCursor }}
    nodes {{
      number updatedAt mergedAt headRefOid headRefName baseRefOid baseRefName
      mergeCommit {{ oid parents(first: 1) {{ nodes {{ oid }} }} }}
    }}
  }}
}}"""

MORE_MERGED = f"""
query MoreMerged($id: ID!, $after: String) {{
  {BUDGET}
  node(id: $id) {{ ...merged }}
}}{MERGED_PULLS}"""

SETTLE = """
mutation Settle($id: ID!, $body: String!) {
  updatePullRequestReviewComment(input: {pullRequestReviewCommentId: $id, body: $body}) {
    clientMutationId
  }
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) { clientMutationId }
}"""
"""One after the other, as GraphQL promises for the fields of a mutation."""

RESOLVE = """
mutation Resolve($id: ID!) {
  resolveReviewThread(input: {threadId: $id}) { clientMutationId }
}"""

ACKNOWLEDGE = """
mutation Acknowledge($id: ID!) {
  addReaction(input: {subjectId: $id, content: EYES}) { clientMutationId }
}"""


def conversations_query(count: int) -> str:
    """Ask what was said on `count` pull requests.

    Each takes 53 requests: for its threads, remarks and reviews, and for the comments of each of
    50 threads. 25 of them are 1,325, which is 13 points, and 66,250 nodes of the 500,000 allowed.
    """
    asked = query("Conversations", count, numbers(count), pulls(count, "...conversation"))
    return asked + CONVERSATION + THREADS_PAGE + SAID


def merged_query(count: int) -> str:
    """Ask for the pull requests merged last in `count` repositories.

    Each takes 51 requests: for the list, and for the first parent of each of 50 merge commits.
    Twenty of them are 1,020, which is 10 points.
    """
    return query("Merged", count, "$after: String", repositories(count, "...merged")) + MERGED_PULLS
