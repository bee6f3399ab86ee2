"""How reviewer.toml names a secret: by the kind of its place, and the place."""

from __future__ import annotations

import re
from dataclasses import dataclass

REFERENCE = re.compile(r"\$\{([a-z]+):([^}\s][^}]*)\}")

#: Kind → how it is written, and what its place must look like.
FORMS = {
    "env": ("${env:NAME}", r"[A-Za-z_]\w*"),
    "file": ("${file:PATH}", r".+"),
    "cred": ("${cred:NAME}", r"[\w-][\w.-]*"),
    "cmd": ("${cmd:COMMAND ARGUMENTS}", r".+"),
    "vault": ("${vault:mount/path#field}", r"[^/#\s]+/[^#\s]+#[^#\s]+"),
    "keyring": ("${keyring:service/name}", r"[^/]+/.+"),
    "aws": ("${aws:NAME#field}", r"[^#\s]+(#[^#\s]+)?"),
}


@dataclass(frozen=True, slots=True)
class SecretReference:
    """Where a secret is, such as `${env:NAME}` or `${file:PATH}`."""

    kind: str
    place: str

    def __str__(self) -> str:
        return f"${{{self.kind}:{self.place}}}"


def parse_reference(text: str) -> SecretReference:
    """The reference that a setting holds; raises ValueError for anything else.

    The text itself is not repeated in the message: it may be the secret.
    """
    found = REFERENCE.fullmatch(text.strip())
    if found is not None and found[1] in FORMS:
        written, place = FORMS[found[1]]
        if re.fullmatch(place, found[2], re.ASCII if found[1] in ("env", "cred") else 0):
            return SecretReference(found[1], found[2])
        forms = f'"{written}"'
    else:
        forms = ", ".join(f'"{written}"' for written, _ in FORMS.values())
    raise ValueError(
        f"a secret is named, not written: {forms}; if a real one stood here, revoke it"
    )
