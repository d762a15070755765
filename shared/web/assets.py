"""The files that are served as they are: style and script of the pages, and the OpenAPI document.

The hash of the pages' files is in their path, so browsers may keep them, and a new version has a new path.
"""

import hashlib
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "assets"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def asset_url(name: str) -> str:
    """The path of an asset. Raises KeyError if there is none of that name."""
    version, files = _assets()
    files[name]
    return f"/api/assets/{version}/{name}"


def read_asset(version: str, name: str) -> tuple[bytes, str] | None:
    """Content and media type; None unless it is an asset of this very version."""
    own, files = _assets()
    return files.get(name) if version == own else None


def openapi_document() -> bytes:
    return (Path(__file__).parent / "openapi.json").read_bytes()


@cache
def _assets() -> tuple[str, dict[str, tuple[bytes, str]]]:
    """A hash of all assets, because they may refer to each other, and each by its name."""
    paths = sorted(_FOLDER.iterdir())
    files = {path.name: (path.read_bytes(), _TYPES[path.suffix]) for path in paths}
    return hashlib.sha256(repr(files).encode()).hexdigest()[:16], files
