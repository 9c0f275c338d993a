"""`make mutants`: break the connector in a copy, one line at a time, and list what no test notices.

python -m mutants [TEXT]      only mutants whose description or file contains this text; by default all
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from mutants.listed import MUTANTS, Mutant
from support.project import ROOT

LONGEST = 900


def main(words: str) -> int:
    """Return the exit code: 1 where a mutant survived, 2 where the tests fail without any."""
    chosen = [one for one in MUTANTS if words.casefold() in f"{one.what} {one.file}".casefold()]
    with tempfile.TemporaryDirectory(prefix="a2m-mutants-") as folder:
        copy = _copy(Path(folder) / "project")
        if _fails(copy, tuple(sorted({test for one in chosen for test in one.tests}))):
            print("The tests fail without any mutant: fix that first.")
            return 2
        survivors = [one for one in chosen if not _is_caught(copy, one)]
    print(f"{len(chosen) - len(survivors)} of {len(chosen)} mutants are caught.")
    for one in survivors:
        print(f"SURVIVED: {one.what} ({one.file}): none of {', '.join(one.tests)} fails")
    return 1 if survivors else 0


def _copy(place: Path) -> Path:
    """Copy what the version control knows, and link the recordings beside it."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    recordings = ROOT.parent / "shared"
    if recordings.is_dir():
        (place.parent / "shared").symlink_to(recordings)
    return place


def _is_caught(copy: Path, mutant: Mutant) -> bool:
    file = copy / mutant.file
    right = file.read_text()
    assert right.count(mutant.old) == 1, f"{mutant.file} does not have this once: {mutant.old}"
    file.write_text(right.replace(mutant.old, mutant.new))
    began = time.monotonic()
    try:
        caught = _fails(copy, mutant.tests)
    finally:
        file.write_text(right)
    print(f"{'caught' if caught else 'SURVIVED'}: {mutant.what} ({time.monotonic() - began:.0f} s)", flush=True)
    return caught


def _fails(copy: Path, tests: tuple[str, ...]) -> bool:
    """Return whether a test fails or hangs."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:schemathesis", *tests]
    environ = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(command, cwd=copy, env=environ, capture_output=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return True
    assert done.returncode in (0, 1), done.stdout.decode() + done.stderr.decode()
    return done.returncode == 1


raise SystemExit(main(" ".join(sys.argv[1:])))
