"""Rows as the JSON of REST: GitHub's own examples as filler, overlaid with what the world knows.

Without the official description there is no filler and the objects hold our fields only.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.fakes.github import bare, diffs, spec
from tests.fakes.github.access import Access
from tests.fakes.github.rows import (
    Account,
    CheckRun,
    Repo,
    Tables,
    iso,
)
from tests.fakes.github.tokens import App, Credential, Installation
from tests.fakes.github.world import World

Json = dict[str, Any]
NO_REACTIONS = dict.fromkeys(
    ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes", "total_count"), 0
)


@functools.cache
def _filler(example: str, *inside: str) -> str:
    node = spec.example(example)
    for key in inside:
        node = node and node[int(key) if key.isdecimal() else key]
    return json.dumps(node or {})


@dataclass(frozen=True, slots=True)
class Views:
    """Renders one moment for one viewer; every URL lies under `api_url` or `origin`."""

    world: World
    tables: Tables
    access: Access
    api_url: str
    origin: str

    def user(self, account: Account | None) -> Json | None:
        """A simple user; null for a deleted one."""
        if account is None:
            return None
        quoted = quote(account.login)
        filled = self._fill("pull-request", "user", quoted)
        return filled | {
            "login": account.login,
            "id": account.id,
            "node_id": account.node_id,
            "type": account.kind,
            "url": f"{self.api_url}/users/{quoted}",
            "html_url": f"{self.origin}/{quoted}",
        }

    def author(self, account_id: int | None) -> Json | None:
        """The simple user of an id."""
        return self.user(self.tables.accounts.get(account_id) if account_id else None)

    def private_user(self, account: Account) -> Json:
        """The answer of GET /user."""
        example = "private-user-response-with-public-and-private-profile-information"
        simple = self.user(account)
        return self._fill(example, "", account.login) | (simple or {}) | {"name": None}

    def repo(self, repo: Repo, example: str = "full-repository-default-response") -> Json:
        """A repository; filler that speaks of parents and templates is left out."""
        filled = self._fill(
            example, "0" if example.endswith(("items", "items-default-response")) else "", repo=repo
        )
        for key in (
            "parent",
            "source",
            "template_repository",
            "organization",
            "security_and_analysis",
        ):
            filled.pop(key, None)
        return filled | {
            "id": repo.id,
            "node_id": repo.node_id,
            "name": repo.name,
            "full_name": repo.full_name,
            "owner": self.user(repo.owner),
            "private": repo.private,
            "visibility": "private" if repo.private else "public",
            "archived": repo.archived,
            "disabled": False,
            "fork": repo.is_fork,
            "language": "Python",
            "topics": list(repo.topics),
            "default_branch": repo.default_branch,
            "url": f"{self.api_url}/repos/{repo.full_name}",
            "html_url": f"{self.origin}/{repo.full_name}",
            "clone_url": f"{self.origin}/{repo.full_name}.git",
            "created_at": iso(repo.created_at),
            "updated_at": iso(repo.pushed_at),
            "pushed_at": iso(repo.pushed_at),
            "permissions": self.access.permissions(repo),
        }

    def check_run(self, run: CheckRun) -> Json:
        """A check run."""
        repo = self.tables.repos[run.repo_id]
        url = f"{self.api_url}/repos/{repo.full_name}/check-runs/{run.id}"
        filled = self._fill("check-run-example-of-completed-conclusion", "", repo=repo)
        return filled | {
            "id": run.id,
            "node_id": run.node_id,
            "name": run.name,
            "head_sha": run.sha,
            "url": url,
            "html_url": f"{self.origin}/{repo.full_name}/runs/{run.id}",
            "status": run.status,
            "conclusion": run.conclusion,
            "started_at": iso(run.started_at),
            "completed_at": iso(run.started_at) if run.status == "completed" else None,
            "output": {
                "title": run.title,
                "summary": run.summary,
                "text": None,
                "annotations_count": 0,
                "annotations_url": f"{url}/annotations",
            },
            "pull_requests": [],
        }

    def app(self, app: App) -> Json:
        """The App itself."""
        return self._fill("integration", "") | {
            "id": app.id,
            "slug": app.slug,
            "name": app.slug,
            "owner": self.user(next(iter(self.tables.accounts.values()))),
        }

    def installation(self, installation: Installation) -> Json:
        """An App in an account."""
        at = f"{self.api_url}/app/installations/{installation.id}"
        kind = installation.account.kind
        return self._fill("base-installation", "") | {
            "id": installation.id,
            "account": self.user(installation.account),
            "access_tokens_url": f"{at}/access_tokens",
            "repositories_url": f"{self.api_url}/installation/repositories",
            "app_id": installation.app.id,
            "app_slug": installation.app.slug,
            "target_id": installation.account.id,
            "target_type": kind,
            "permissions": dict(installation.permissions),
            "repository_selection": "all" if installation.repo_ids is None else "selected",
            "created_at": iso(installation.created_at),
            "updated_at": iso(installation.created_at),
        }

    def installation_token(self, token: Credential) -> Json:
        """A new installation token; the repositories are listed when they were chosen."""
        shown: Json = {
            "token": token.value,
            "expires_at": iso(token.expires_at),
            "permissions": dict(token.permissions),
            "repository_selection": "all" if token.repo_ids is None else "selected",
        }
        if token.repo_ids is not None:
            chosen = [self.tables.repos[one] for one in sorted(token.repo_ids)]
            shown["repositories"] = [
                self.repo(one, "repository-items-default-response") for one in chosen
            ]
        return shown

    def comparison(self, repo: Repo, base: str, head: str) -> Json:
        """Two commits compared: the merge base and the distance, without the commits between."""
        start = diffs.merge_base(repo.store, base, head) or base
        ahead, behind = (
            int(bare.git(repo.store, "rev-list", "--count", f"{start}..{tip}"))
            for tip in (head, base)
        )
        filled = self._fill("commit-comparison", "", repo=repo)
        status = (
            ("diverged" if behind else "ahead") if ahead else "behind" if behind else "identical"
        )
        return filled | {
            "url": f"{self.api_url}/repos/{repo.full_name}/compare/{base}...{head}",
            "base_commit": self._commit(repo, base),
            "merge_base_commit": self._commit(repo, start),
            "status": status,
            "ahead_by": ahead,
            "behind_by": behind,
            "total_commits": ahead,
            "commits": [],
            "files": [],
        }

    def _commit(self, repo: Repo, sha: str) -> Json:
        url = f"{self.api_url}/repos/{repo.full_name}/commits/{sha}"
        return self._fill("commit", "", repo=repo) | {"sha": sha, "url": url, "files": []}

    def _fill(
        self,
        example: str,
        inside: str,
        login: str = "octocat",
        repo: Repo | None = None,
        number: int = 0,
    ) -> Json:
        text = _filler(example, *([inside] if inside else []))
        text = text.replace("https://api.github.com", self.api_url)
        text = text.replace("https://github.com", self.origin)
        if repo is not None:
            text = text.replace("octocat/Hello-World", repo.full_name)
        text = text.replace("/1347", f"/{number}").replace("users/octocat", f"users/{login}")
        filled: Json = json.loads(text)
        return filled
