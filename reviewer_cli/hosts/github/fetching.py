"""How git fetches from GitHub: the token is in its environment, in no argument, file or log."""

from __future__ import annotations

import base64
from urllib.parse import quote

from reviewer_cli.hosts.github.connection import Server
from reviewer_cli.ports.host import Remote


def remote(server: Server, token: str, repo: str) -> Remote:
    """The repository by HTTPS, with the settings that git takes from `GIT_CONFIG_*`."""
    basic = base64.b64encode(f"x-access-token:{token}".encode()).decode()
    url = f"{server.web_url}/{quote(repo)}.git"
    settings = {f"http.{server.web_url}/.extraHeader": f"Authorization: Basic {basic}"}
    if server.certificate is not None:
        settings["http.sslCAInfo"] = str(server.certificate)
    if url.startswith("http://"):
        settings["protocol.http.allow"] = "always"
    environment = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (name, value) in enumerate(settings.items()):
        environment[f"GIT_CONFIG_KEY_{number}"] = name
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return Remote(url=url, environment=environment)
