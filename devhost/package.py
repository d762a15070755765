"""Builds the deployed package for Linux: what .funcignore leaves of git's files, and every dependency beside it.

The same files give the same bytes. ``dist/package`` is the folder that `azd up` deploys, ``dist/snatbot.zip`` the same
for `az functionapp deployment source config-zip`. Dependencies are in ``.python_packages``, where Microsoft's worker
looks for them (Functions docs, *functions-reference-python*: custom dependencies). Wheels are for one Python only: its
version is in ``.python_version``, which the app compares at start (shared/build.py).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from shared.build import VERSION_FILE

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
PYTHON = "3.13"  # infra/modules/app.bicep deploys the same
PLATFORM = "x86_64-manylinux_2_28"  # Functions' image for Python 3.13 is Debian 12, whose glibc is 2.36
SITE_PACKAGES = ".python_packages/lib/site-packages"
_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can hold
_UNREPRODUCIBLE = ("*.dist-info/RECORD", "*.dist-info/direct_url.json", "*.dist-info/uv_*", "*.dist-info/REQUESTED")


def source_files() -> list[str]:
    """Git's files, also those not committed yet, without those in .funcignore."""
    left_out = set(_git("ls-files", "--cached", "--others", "--ignored", "--exclude-from=.funcignore"))
    files = set(_git("ls-files", "--cached", "--others", "--exclude-standard"))
    return sorted(path for path in files - left_out if (ROOT / path).is_file())


def build(dist: Path = DIST) -> Path:
    """Returns the folder. Raises CalledProcessError when a dependency has no wheel for the platform."""
    folder = dist / "package"
    shutil.rmtree(folder, ignore_errors=True)
    for path in source_files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, folder / path)
    (folder / VERSION_FILE).write_text(f"{PYTHON}\n", encoding="utf-8")
    _install(folder / SITE_PACKAGES)
    _write_zip(folder, dist / "snatbot.zip")
    return folder


def _install(target: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    wheels = ["--python-version", PYTHON, "--python-platform", PLATFORM, "--only-binary", ":all:"]
    command = [str(uv), "pip", "install", "--quiet", "--no-config", "--link-mode", "copy", "--target", str(target)]
    subprocess.run([*command, *wheels, "-r", "requirements.txt"], cwd=ROOT, check=True)
    shutil.rmtree(target / "bin", ignore_errors=True)  # console scripts, which name this machine's Python
    for pattern in _UNREPRODUCIBLE:
        for file in target.glob(pattern):
            file.unlink()
    (target / ".lock").unlink(missing_ok=True)


def _write_zip(folder: Path, file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in _files(folder):
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
            os.utime(path, (315532800, 315532800))  # the same date, for the zip that azd makes of the folder


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _git(*arguments: str) -> list[str]:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def _sizes(folder: Path) -> Iterator[tuple[str, int]]:
    """Bytes of each top-level entry and of each dependency, the largest first."""
    packages = folder / SITE_PACKAGES
    entries = [path for path in folder.iterdir() if path.name != ".python_packages"] + list(packages.iterdir())
    sizes = [
        (entry.name, sum(path.stat().st_size for path in _files(entry)) or entry.stat().st_size) for entry in entries
    ]
    return iter(sorted(sizes, key=lambda size: (-size[1], size[0])))


def main() -> None:
    folder = build()
    for name, size in _sizes(folder):
        if size >= 100_000:
            print(f"{size / 1e6:8.1f} MB  {name}")
    unpacked = sum(path.stat().st_size for path in _files(folder))
    packed = (DIST / "snatbot.zip").stat().st_size
    print(f"{unpacked / 1e6:8.1f} MB  in {folder.relative_to(ROOT)}, for Python {PYTHON} on {PLATFORM}")
    print(f"{packed / 1e6:8.1f} MB  as {(DIST / 'snatbot.zip').relative_to(ROOT)}")


if __name__ == "__main__":
    main()
