"""Pull requests, reviews and comments as the JSON of REST."""

from __future__ import annotations

from urllib.parse import quote

from tests.fakes.github import bare, diffs, places
from tests.fakes.github.rows import Account, IssueComment, Pull, Repo, Review, ReviewComment, iso
from tests.fakes.github.views import Json, Views

NO_REACTIONS = dict.fromkeys(
    ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes", "total_count"), 0
)


class PullViews(Views):
    """Views of what a reviewer works with."""

    __slots__ = ()

    def pull(self, pull: Pull) -> Json:
        """A pull request as lists show it."""
        repo = self.tables.repos[pull.repo_id]
        url = f"{self.api_url}/repos/{repo.full_name}/pulls/{pull.number}"
        html = f"{self.origin}/{repo.full_name}/pull/{pull.number}"
        filled = self._fill("pull-request-simple-items", "0", repo=repo, number=pull.number)
        return filled | {
            "id": pull.id,
            "node_id": pull.node_id,
            "number": pull.number,
            "url": url,
            "html_url": html,
            "title": pull.title,
            "body": pull.body,
            "state": "open" if pull.state == "open" else "closed",
            "draft": pull.draft,
            "locked": False,
            "user": self.author(pull.author_id),
            "labels": [self._label(repo, name) for name in pull.labels],
            "created_at": iso(pull.created_at),
            "updated_at": iso(pull.updated_at),
            "closed_at": iso(pull.closed_at),
            "merged_at": iso(pull.merged_at),
            "merge_commit_sha": pull.merge_sha,
            "statuses_url": f"{self.api_url}/repos/{repo.full_name}/statuses/{pull.head_sha}",
            "base": self._end(repo, pull.base_ref, pull.base_sha),
            "head": self._end(
                self.tables.repos.get(pull.head_repo_id or 0),
                pull.head_ref,
                pull.head_sha,
                self.tables.accounts.get(pull.author_id or 0),
            ),
            "author_association": "CONTRIBUTOR",
            "auto_merge": None,
            "milestone": None,
            "assignee": None,
            "assignees": [],
            "requested_reviewers": [],
            "requested_teams": [],
        }

    def full_pull(self, pull: Pull) -> Json:
        """A pull request alone, with what git counts."""
        repo = self.tables.repos[pull.repo_id]
        changes = self.world.changes(pull)
        clash = bare.conflicts(repo.store, pull.base_sha, pull.head_sha)
        counted = self._fill("pull-request", "", repo=repo, number=pull.number)
        return (
            counted
            | self.pull(pull)
            | {
                "merged": pull.state == "merged",
                "merged_by": None,
                "mergeable": not clash,
                "rebaseable": not clash,
                "mergeable_state": "dirty" if clash else "clean",
                "maintainer_can_modify": False,
                "commits": len(pull.commits),
                "additions": sum(one.additions for one in changes),
                "deletions": sum(one.deletions for one in changes),
                "changed_files": len(changes),
                "comments": sum(
                    one.pull_id == pull.id for one in self.tables.issue_comments.values()
                ),
                "review_comments": len(self.tables.comments_on(pull, self.access.viewer_id)),
            }
        )

    def file(self, pull: Pull, change: diffs.FileChange) -> Json:
        """A changed file."""
        full_name = self.tables.repos[pull.repo_id].full_name
        where = f"{pull.head_sha}/{quote(change.path)}"
        at = f"{self.api_url}/repos/{full_name}/contents/{quote(change.path)}?ref={pull.head_sha}"
        shown = {
            "sha": change.blob,
            "filename": change.path,
            "status": change.status,
            "additions": change.additions,
            "deletions": change.deletions,
            "changes": change.additions + change.deletions,
            "blob_url": f"{self.origin}/{full_name}/blob/{where}",
            "raw_url": f"{self.origin}/{full_name}/raw/{where}",
            "contents_url": at,
        }
        if change.patch:
            shown["patch"] = change.patch
        if change.status == "renamed":
            shown["previous_filename"] = change.old_path
        return shown

    def review(self, review: Review) -> Json:
        """A review; a pending one has no `submitted_at`."""
        pull_url, html = self._pull_urls(self.tables.pulls[review.pull_id])
        html = f"{html}#pullrequestreview-{review.id}"
        shown = {
            "id": review.id,
            "node_id": review.node_id,
            "user": self.author(review.author_id),
            "body": review.body,
            "state": review.state,
            "html_url": html,
            "pull_request_url": pull_url,
            "author_association": "NONE",
            "_links": {"html": {"href": html}, "pull_request": {"href": pull_url}},
            "commit_id": review.commit_sha,
        }
        if review.submitted_at is not None:
            shown["submitted_at"] = iso(review.submitted_at)
        return shown

    def review_comment(self, comment: ReviewComment) -> Json:
        """A review comment; `line` is null once it is outdated, `original_line` stays."""
        pull = self.tables.pulls[comment.pull_id]
        full_name = self.tables.repos[pull.repo_id].full_name
        pull_url, html = self._pull_urls(pull)
        url = f"{self.api_url}/repos/{full_name}/pulls/comments/{comment.id}"
        html = f"{html}#discussion_r{comment.id}"
        line = places.line_now(self.world, comment)
        span = (comment.line or 0) - (comment.start_line or comment.line or 0)
        on_file = comment.line is None
        shown = {
            "id": comment.id,
            "node_id": comment.node_id,
            "pull_request_review_id": comment.review_id,
            "url": url,
            "html_url": html,
            "pull_request_url": pull_url,
            "_links": {
                "self": {"href": url},
                "html": {"href": html},
                "pull_request": {"href": pull_url},
            },
            "diff_hunk": comment.hunk,
            "path": comment.path,
            "position": 1 if on_file or line else None,
            "original_position": 1,
            "commit_id": comment.commit_sha if line is None else pull.head_sha,
            "original_commit_id": comment.commit_sha,
            "user": self.author(comment.author_id),
            "body": comment.body,
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": "NONE",
            "line": line,
            "original_line": comment.line,
            "start_line": line - span if line and comment.start_line else None,
            "original_start_line": comment.start_line,
            "side": comment.side,
            "start_side": comment.start_side,
            "subject_type": "file" if on_file else "line",
            "reactions": {"url": f"{url}/reactions"} | NO_REACTIONS,
        }
        if comment.thread_id != comment.id:
            shown["in_reply_to_id"] = comment.thread_id
        return shown

    def issue_comment(self, comment: IssueComment) -> Json:
        """A comment of the conversation."""
        pull = self.tables.pulls[comment.pull_id]
        full_name = self.tables.repos[pull.repo_id].full_name
        issues = f"{self.api_url}/repos/{full_name}/issues"
        return {
            "id": comment.id,
            "node_id": comment.node_id,
            "url": f"{issues}/comments/{comment.id}",
            "html_url": f"{self._pull_urls(pull)[1]}#issuecomment-{comment.id}",
            "issue_url": f"{issues}/{pull.number}",
            "user": self.author(comment.author_id),
            "body": comment.body,
            "created_at": iso(comment.created_at),
            "updated_at": iso(comment.updated_at),
            "author_association": "NONE",
        }

    def _label(self, repo: Repo, name: str) -> Json:
        return {
            "id": 1,
            "node_id": "LA_kwDO00000001",
            "url": f"{self.api_url}/repos/{repo.full_name}/labels/{quote(name)}",
            "name": name,
            "description": "",
            "color": "ededed",
            "default": False,
        }

    def _end(self, repo: Repo | None, ref: str, sha: str, owner: Account | None = None) -> Json:
        owner = repo.owner if repo else owner
        return {
            "label": f"{owner.login if owner else 'unknown'}:{ref}",
            "ref": ref,
            "sha": sha,
            "user": self.user(owner),
            "repo": self.repo(repo, "repository-items-default-response") if repo else None,
        }

    def _pull_urls(self, pull: Pull) -> tuple[str, str]:
        full_name = self.tables.repos[pull.repo_id].full_name
        return (
            f"{self.api_url}/repos/{full_name}/pulls/{pull.number}",
            f"{self.origin}/{full_name}/pull/{pull.number}",
        )
