"""A build backend that builds nothing: it hands pip the metadata a source distribution carries.

pip asks the build backend for metadata even when it only downloads, which would run the project's
own code and needs its backend installed. A copy of this file under the backend's name answers
from PKG-INFO instead.
"""

from __future__ import annotations

import sys
from email import message_from_bytes
from pathlib import Path

# A project without a [build-system] table is sent to this attribute of setuptools' backend.
__legacy__ = sys.modules[__name__]


def prepare_metadata_for_build_wheel(
    metadata_directory: str, config_settings: object = None
) -> str:
    """Copy PKG-INFO of the unpacked release (the working directory) and return the folder's name.

    Older versions of pip take name and version from that folder's name, newer ones from the file.
    """
    metadata = Path("PKG-INFO").read_bytes()
    fields = message_from_bytes(metadata)
    folder = Path(metadata_directory, f"{fields['Name']}-{fields['Version']}.dist-info")
    folder.mkdir()
    (folder / "METADATA").write_bytes(metadata)
    return folder.name
