"""What a token may see and do, decided in one place for REST, GraphQL and git."""

from __future__ import annotations

from dataclasses import dataclass

from tests.fakes.github.messages import Refused, not_found
from tests.fakes.github.rows import Repo
from tests.fakes.github.tokens import LEVELS, Credential, Kind

SSO = "Resource protected by organization SAML enforcement. You must grant your token access."
WRITERS = ("write", "maintain", "admin")
ADMINISTRATION = "administration"
"""The permission that a public repository grants to nobody by itself."""


@dataclass(frozen=True, slots=True)
class Access:
    """The rights of one request; no credential is the anonymous public."""

    credential: Credential | None

    @property
    def viewer_id(self) -> int | None:
        """The account that acts."""
        return self.credential.actor.id if self.credential else None

    def sees(self, repo: Repo) -> bool:
        """Whether the repository exists for this request."""
        return not repo.private or self.reaches(repo)

    def reaches(self, repo: Repo) -> bool:
        """Whether the token was made for this repository."""
        token = self.credential
        if token is None:
            return False
        if token.kind is Kind.CLASSIC:
            wanted = ("repo",) if repo.private else ("repo", "public_repo")
            return bool(set(wanted) & set(token.scopes)) and self.role(repo) is not None
        owned = token.owner is not None and token.owner.id == repo.owner.id
        return owned and (token.repo_ids is None or repo.id in token.repo_ids)

    def role(self, repo: Repo) -> str | None:
        """The actor's own role, whatever the token allows."""
        if self.credential is None:
            return None
        if self.credential.actor.id == repo.owner.id:
            return "admin"
        return repo.roles.get(self.credential.actor.id)

    def level(self, repo: Repo, permission: str) -> str:
        """none, read or write for one permission of a repository that is seen."""
        token = self.credential
        if permission == ADMINISTRATION:
            return self._administration(repo)
        if token is None:
            return "read"
        if token.kind is Kind.CLASSIC:
            may_write = {"repo"} if repo.private else {"repo", "public_repo"}
            return "write" if may_write & set(token.scopes) else "read"
        open_level = "none" if repo.private else "read"
        granted = token.permissions.get(permission, "none") if self.reaches(repo) else "none"
        return max(granted, open_level, key=LEVELS.index)

    def pushes(self, repo: Repo) -> bool:
        """Whether git may push: the token must allow it, and the role of a person as well."""
        token = self.credential
        if token is None or self.level(repo, "contents") != "write":
            return False
        return not token.is_users or self.role(repo) in WRITERS

    def _administration(self, repo: Repo) -> str:
        """For a person only with the role of an administrator, whatever the token says."""
        token = self.credential
        if token is None or (token.is_users and self.role(repo) != "admin"):
            return "none"
        if token.kind is Kind.CLASSIC:
            return self.level(repo, "contents")
        return token.permissions.get(ADMINISTRATION, "none") if self.reaches(repo) else "none"

    def permissions(self, repo: Repo) -> dict[str, bool]:
        """The `permissions` of a repository: the role of a person, `contents` of an App.

        For a fine-grained token this is the role of its user and not what the token may do: that
        is a guess from public reports, of which some saw `push: false` for tokens that push.
        """
        token = self.credential
        role = self.role(repo) or ("read" if token else None)
        if token is not None and not token.is_users:
            role = "write" if self.level(repo, "contents") == "write" else "read"
        return {
            "admin": role == "admin",
            "maintain": role in ("maintain", "admin"),
            "push": role in WRITERS,
            "triage": role in ("triage", *WRITERS),
            "pull": role is not None,
        }

    def check(self, repo: Repo, permission: str, wanted: str) -> None:
        """Raise Refused as GitHub does: 404 what is out of sight, 403 what is not permitted."""
        if not self.sees(repo):
            raise not_found()
        if repo.sso:
            raise Refused(403, SSO, headers={"x-github-sso": "required; url=https://example.org"})
        if LEVELS.index(self.level(repo, permission)) >= LEVELS.index(wanted):
            return
        token = self.credential
        if token is None:
            raise Refused(401, "Requires authentication")
        if token.kind is Kind.CLASSIC:
            raise not_found()
        raise Refused(403, self.refusal, headers=accepted(permission, wanted))

    @property
    def refusal(self) -> str:
        """The sentence of a missing permission."""
        token = self.credential
        person = token is not None and token.kind is Kind.FINE_GRAINED
        return f"Resource not accessible by {'personal access token' if person else 'integration'}"


def accepted(permission: str, wanted: str) -> dict[str, str]:
    """The header that names what an endpoint asks of a token."""
    return {"x-accepted-github-permissions": f"{permission}={wanted}"}
