"""Who asks, and what they may: personal tokens, Actions tokens, Apps and their installations.

`permissions` maps a permission to `read` or `write`; `metadata: read` is always there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.fakes.github.messages import Refused
from tests.fakes.github.rows import Account, Repo
from tests.fakes.github.world import World

LEVELS = ("none", "read", "write", "admin")
INSTALLATION_TOKEN_S = 3600.0
LONGEST_JWT_S = 600


class Kind(StrEnum):
    """What sort of token; its prefix is the one GitHub gives it."""

    CLASSIC = "ghp_"
    FINE_GRAINED = "github_pat_"
    INSTALLATION = "ghs_"
    ACTIONS = "ghs_actions_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One token. It reaches `owner`'s repositories, all of them when `repo_ids` is None.

    A classic token reaches whatever its actor has a role in, and has `scopes` instead of
    permissions.
    """

    value: str = field(repr=False)
    kind: Kind
    actor: Account
    owner: Account | None = None
    repo_ids: frozenset[int] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    installation_id: int | None = None
    expires_at: float | None = None

    @property
    def budget(self) -> str:
        """Whose rate limit it uses: that of the user or of the installation."""
        if self.kind is Kind.ACTIONS:
            return self.value
        return f"installation {self.installation_id}" if self.installation_id else self.actor.login

    @property
    def is_users(self) -> bool:
        """Whether a person stands behind it."""
        return self.kind in (Kind.CLASSIC, Kind.FINE_GRAINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """A GitHub App; `private_key` is its PEM, `bot` the account that its tokens act as."""

    id: int
    slug: str
    bot: Account
    private_key: str = field(repr=False)
    public_key: rsa.RSAPublicKey = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """An App in an account, for all its repositories when `repo_ids` is None."""

    id: int
    app: App
    account: Account
    permissions: Mapping[str, str]
    repo_ids: frozenset[int] | None = None
    created_at: float = 0.0


class Tokens:
    """Every token of a world; what is not here is a bad credential."""

    def __init__(self, world: World) -> None:
        """No tokens and no Apps yet."""
        self.world = world
        self.apps: dict[int, App] = {}
        self.installations: dict[int, Installation] = {}
        self._live: dict[str, Credential] = {}

    def classic(self, user: Account, *scopes: str) -> str:
        """A classic personal token; it shows its scopes in each answer."""
        return self._keep(Credential(value="", kind=Kind.CLASSIC, actor=user, scopes=scopes))

    def fine_grained(
        self, user: Account, owner: Account, repos: Iterable[Repo] | None = None, **permissions: str
    ) -> str:
        """A fine-grained personal token for some or all repositories of one owner."""
        return self._keep(
            Credential(
                value="",
                kind=Kind.FINE_GRAINED,
                actor=user,
                owner=owner,
                repo_ids=_ids(repos),
                permissions={"metadata": "read", **permissions},
            )
        )

    def actions(self, repo: Repo, **permissions: str) -> str:
        """The GITHUB_TOKEN of a workflow: one repository and the smaller rate limit."""
        return self._keep(
            Credential(
                value="",
                kind=Kind.ACTIONS,
                actor=self.world.account("github-actions[bot]"),
                owner=repo.owner,
                repo_ids=_ids([repo]),
                permissions={"metadata": "read", **permissions},
            )
        )

    def app(self, slug: str) -> App:
        """A new App with its key and its bot."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
        made = App(
            id=self.world.new_id(),
            slug=slug,
            bot=self.world.account(f"{slug}[bot]"),
            private_key=pem.decode(),
            public_key=key.public_key(),
        )
        self.apps[made.id] = made
        return made

    def install(
        self, app: App, account: Account, repos: Iterable[Repo] | None = None, **permissions: str
    ) -> Installation:
        """Install an App with permissions in all or some repositories of an account."""
        made = Installation(
            id=self.world.new_id(),
            app=app,
            account=account,
            repo_ids=_ids(repos),
            permissions={"metadata": "read", **permissions},
            created_at=self.world.now,
        )
        self.installations[made.id] = made
        return made

    def mint(
        self,
        installation: Installation,
        permissions: Mapping[str, str] | None = None,
        repos: Iterable[Repo] | None = None,
    ) -> Credential:
        """An installation token for an hour, with at most what the installation has."""
        # PyGithub sends {} when nothing is asked for.
        asked = dict(permissions or installation.permissions)
        for name, level in asked.items():
            if LEVELS.index(level) > LEVELS.index(installation.permissions.get(name, "none")):
                raise Refused(
                    422, "The permissions requested are not granted to this installation."
                )
        chosen = _ids(repos)
        if chosen is not None and not all(self._covers(installation, one) for one in chosen):
            raise Refused(
                422,
                "There is at least one repository that does not exist or is not accessible "
                "to the parent installation.",
            )
        value = self._keep(
            Credential(
                value="",
                kind=Kind.INSTALLATION,
                actor=installation.app.bot,
                owner=installation.account,
                repo_ids=installation.repo_ids if chosen is None else chosen,
                permissions={"metadata": "read", **asked},
                installation_id=installation.id,
                expires_at=self.world.now + INSTALLATION_TOKEN_S,
            )
        )
        return self._live[value]

    def revoke(self, value: str) -> None:
        """From now on the token is a bad credential."""
        del self._live[value]

    def of(self, value: str) -> Credential:
        """The credential of a token; raises Refused 401 when it is unknown, revoked or expired."""
        found = self._live.get(value)
        if found is None or (found.expires_at is not None and found.expires_at <= self.world.now):
            raise Refused(401, "Bad credentials")
        return found

    def app_of(self, token: str) -> App:
        """The App that signed a JWT, which lives on the real clock; raises Refused 401."""
        try:
            claims = jwt.decode(token, options={"verify_signature": False})
            app = self.apps[int(claims["iss"])]
            claims = jwt.decode(
                token,
                app.public_key,
                algorithms=["RS256"],
                issuer=str(claims["iss"]),
                leeway=5,
                options={"require": ["exp", "iat", "iss"], "verify_iss": False},
            )
        except jwt.ExpiredSignatureError as error:
            raise Refused(
                401, "'Expiration time' claim ('exp') must be a numeric value in the future"
            ) from error
        except (jwt.InvalidTokenError, KeyError, ValueError) as error:
            raise Refused(401, "A JSON web token could not be decoded") from error
        if claims["exp"] > time.time() + LONGEST_JWT_S + 5:
            raise Refused(401, "'Expiration time' claim ('exp') is too far in the future")
        return app

    def _covers(self, installation: Installation, repo_id: int) -> bool:
        repo = self.world.tables.repos.get(repo_id)
        return (
            repo is not None
            and repo.owner.id == installation.account.id
            and (installation.repo_ids is None or repo_id in installation.repo_ids)
        )

    def _keep(self, credential: Credential) -> str:
        value = credential.kind + secrets.token_hex(18)
        if credential.kind is Kind.INSTALLATION:
            # The long form that GitHub announced in 2026: a number and a JWT, of no fixed length.
            parts = ".".join(secrets.token_urlsafe(size) for size in (27, 90, 32))
            value = f"{credential.kind}{credential.installation_id}_{parts}"
        self._live[value] = replace(credential, value=value)
        return value


def _ids(repos: Iterable[Repo] | None) -> frozenset[int] | None:
    return None if repos is None else frozenset(repo.id for repo in repos)
