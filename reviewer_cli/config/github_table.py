"""The table [github]: where it is, who we are there, and what we may be trusted with."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import ConfigDict, field_validator, model_validator

from reviewer_cli.config.addresses import is_safe
from reviewer_cli.config.table import Delay, Names, Patterns, Reference, Table


class GitHubTable(Table):
    """[github]"""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    api_url: str = "https://api.github.com"
    certificate: str | None = None
    token: Reference | None = None
    posting_token: Reference | None = None
    resolve_token: Reference | None = None
    issues_token: Reference | None = None
    app_id: str | None = None
    private_key: Reference | None = None
    marker_secret: Reference | None = None
    exclude: Patterns = ()
    topics: Names = ()
    archived: bool = False
    forks: bool = True
    check_run: bool = False
    strict_scopes: bool = True
    lists_lag: Delay = 60.0

    @field_validator("api_url")
    @classmethod
    def _is_safe(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.hostname is None or not is_safe(value):
            raise ValueError("an address such as https://api.github.com, by https")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an address alone; a token belongs where github.token leads")
        is_enterprise = parts.path.rstrip("/").endswith("/api/v3")
        if not is_enterprise and (parts.path.strip("/") or not parts.hostname.startswith("api.")):
            raise ValueError("the API's, such as https://github.example.com/api/v3")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _one_identity(self) -> GitHubTable:
        if (self.app_id is None) != (self.private_key is None):
            raise ValueError("github.app_id and github.private_key belong together")
        if self.app_id is not None and self.token is not None:
            raise ValueError(
                "github.token and github.app_id are two identities; keep one, and name another "
                "account for posting with github.posting_token"
            )
        return self

    @property
    def web_url(self) -> str:
        """Where people and git go: github.com for its API, else the server itself."""
        parts = urlsplit(self.api_url)
        host = parts.netloc.removeprefix("api.")
        return f"{parts.scheme}://{host if not parts.path else parts.netloc}"
