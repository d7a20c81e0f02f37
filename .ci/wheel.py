"""Build the wheel and look whether everything of hub and client is in it, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Exit with a sentence where something is missing."""
    shutil.rmtree(ROOT / "build", ignore_errors=True)  # what an earlier build left there would be packed
    with tempfile.TemporaryDirectory() as folder:
        build = [
            sys.executable,
            "-m",
            "pip",
            "wheel",
            "--quiet",
            "--no-deps",
            "--wheel-dir",
            folder,
            str(ROOT),
        ]
        subprocess.run(build, check=True)
        shutil.rmtree(ROOT / "build", ignore_errors=True)
        (wheel,) = Path(folder).glob("tongbu-*.whl")
        packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {
        str(path.relative_to(source))
        for source, package in ((ROOT, "hub"), (ROOT / "clients" / "python", "tongbu"))
        for path in (source / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    if missing := sorted(wanted - packed):
        sys.exit(f"The wheel lacks {', '.join(missing)}: see tool.setuptools.package-data.")
    if extra := sorted(name for name in packed - wanted if not name.startswith("tongbu-")):
        sys.exit(f"The wheel holds what is neither the hub's nor the client's: {', '.join(extra)}.")
    print(f"{wheel.name}: {len(wanted)} files, complete.")


if __name__ == "__main__":
    main()
