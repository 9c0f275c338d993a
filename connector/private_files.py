"""Files and folders of the connector that nobody but its user may read: they hold customers' data.

What is made here is private whatever the umask says. What is found open, by an earlier version or by hand, is made
private where that is allowed, and reported either way. Systems without modes (Windows) need no change.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

FOLDER, FILE = 0o700, 0o600
BESIDE = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a database; it makes them with the database's own mode."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True)
class Opened:
    """Something that others could read, and whether that is over."""

    message: str
    is_fixed: bool


def make_folder(folder: Path) -> None:
    """Make the folder, private, unless it is there."""
    folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)


def make_file(file: Path) -> None:
    """Make the empty file, private, unless it is there."""
    if os.name == "posix" and not file.exists():
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, FILE))


def close_database(file: Path) -> list[Opened]:
    """Make a database and the files beside it private; yield what was not."""
    found = [_closed(Path(f"{file}{end}"), FILE, "The state database") for end in ("", *BESIDE)]
    return [one for one in found if one is not None][:1]


def close_folder(folder: Path) -> list[Opened]:
    """Make the folder private; yield it if it was not."""
    found = _closed(folder, FOLDER, "The state folder")
    return [] if found is None else [found]


def _closed(path: Path, mode: int, what: str) -> Opened | None:
    if os.name != "posix":
        return None
    try:
        was = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None
    if not was & _OTHERS:
        return None
    found = f"{what} {path} could be read by other users of this machine (mode {was:04o})"
    try:
        path.chmod(mode)
    except OSError as error:
        return Opened(f"{found}, and this user may not change that ({error.strerror}): chmod {mode:o} {path}", False)
    return Opened(f"{found}; it is private now (mode {mode:04o}).", True)
