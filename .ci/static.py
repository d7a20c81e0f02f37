"""Build the web inbox anew and look whether hub/static is what its sources make."""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "hub" / "static"


def main() -> None:
    """Exit with a sentence where they differ."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed: hub/static is not compared with its sources.", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        build = [npm, "run", "--silent", "--workspace", "web", "build", "--", "--outDir", folder]
        subprocess.run([*build, "--emptyOutDir", "--logLevel", "error"], cwd=ROOT / "clients", check=True)
        different = sorted(_files(Path(folder)) ^ _files(STATIC) | _changed(Path(folder)))
    if different:
        sys.exit(f"hub/static is not what clients/web makes: {', '.join(different)}. Run: make web")
    print(f"hub/static: {len(_files(STATIC))} files, as clients/web makes them.")


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _changed(folder: Path) -> set[str]:
    common = sorted(_files(folder) & _files(STATIC))
    _, different, unread = filecmp.cmpfiles(folder, STATIC, common, shallow=False)
    return {*different, *unread}


if __name__ == "__main__":
    main()
