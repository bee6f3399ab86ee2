"""git over HTTP around `git http-backend`: fetches of what a token may read, no pushes.

A push gets as far as its list of branches, for those who might push.
"""

from __future__ import annotations

import base64
import os
import re
import subprocess
from dataclasses import dataclass
from urllib.parse import unquote, urlencode

from tests.fakes.github.access import Access
from tests.fakes.github.bare import ENVIRONMENT
from tests.fakes.github.messages import Refused, Request, Response
from tests.fakes.github.rows import Repo
from tests.fakes.github.tokens import Tokens
from tests.fakes.github.world import World

PUSH = "git-receive-pack"
PATH = re.compile(r"/([^/]+)/([^/]+?)(?:\.git)?(/info/refs|/git-upload-pack|/git-receive-pack)")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitHttp:
    """Answers git's requests; the token is the password of any user name."""

    world: World
    tokens: Tokens
    origin: str

    def answer(self, request: Request) -> Response:
        """What git wants, 401 without a good token for a private repository, 404, 301 or 403."""
        match = PATH.fullmatch(unquote(request.path))
        try:
            access = self._access(request)
        except Refused:
            return _text(401, "Bad credentials", {"www-authenticate": 'Basic realm="GitHub"'})
        repo = self.world.tables.repo(match[1], match[2]) if match else None
        if match is None or repo is None or not access.sees(repo):
            if access.credential is None:
                return _text(401, "", {"www-authenticate": 'Basic realm="GitHub"'})
            return _text(404, "Repository not found.")
        is_push = PUSH in (request.query.get("service"), match[3].removeprefix("/"))
        allowed = access.pushes(repo) if is_push else access.level(repo, "contents") != "none"
        if not allowed or repo.sso:
            return _text(403, "Write access to repository not granted.")
        if repo.full_name.lower() != f"{match[1]}/{match[2]}".lower():
            query = f"?{urlencode(request.query)}" if request.query else ""
            url = f"{self.origin}/{repo.full_name}.git{match[3]}{query}"
            return _text(301, "", {"location": url})
        return _backend(repo, match[3], request)

    def _access(self, request: Request) -> Access:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return Access(None)
        if scheme.lower() != "basic":
            raise Refused(401, "Bad credentials")
        try:
            _, _, password = base64.b64decode(value).decode().partition(":")
        except ValueError as error:
            raise Refused(401, "Bad credentials") from error
        return Access(self.tokens.of(password))


def _backend(repo: Repo, service: str, request: Request) -> Response:
    """The answer of git itself, which takes no push where REMOTE_USER is not set."""
    lists = {"REMOTE_USER": "somebody"} if service == "/info/refs" else {}
    environment = ENVIRONMENT | {
        "GIT_PROJECT_ROOT": str(repo.path.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REMOTE_ADDR": "127.0.0.1",
        "PATH_INFO": f"/{repo.path.name}{service}",
        "QUERY_STRING": urlencode(request.query),
        "REQUEST_METHOD": request.method,
        "CONTENT_LENGTH": str(len(request.body)),
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
        "PATH": os.environ["PATH"],
        **lists,
    }
    done = subprocess.run(
        ["git", "http-backend"],
        input=request.body,
        env=environment,
        capture_output=True,
        check=False,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = [line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line]
    headers = {name.lower(): value for name, value in lines}
    status = int(headers.pop("status", "200").split()[0])
    return Response(status=status, headers=headers, body=body)


def _text(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return Response(
        status=status, headers={"content-type": "text/plain", **(headers or {})}, body=text.encode()
    )
