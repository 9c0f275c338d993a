"""Children of the demo never outlive it, and a later start ends what a killed one left, and nothing else."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from support.processes import left_of, running, wait_until

from a2m.processes import Children, StillRunning

PARENT = """
import sys, time
from pathlib import Path
from a2m.processes import Children
children = Children(Path(sys.argv[1]))
children.start("child", ["http.server", "--bind", "127.0.0.1", "0"])
time.sleep(600)
"""
SLEEPER = [sys.executable, "-c", "import time; time.sleep(600)"]


@pytest.fixture
def parent(tmp_path):
    """A process that started a child, and what both are."""
    command = [sys.executable, "-c", PARENT, str(tmp_path)]
    with running(command, folder=tmp_path, environ=os.environ, log=tmp_path / "log") as process:
        wait_until(lambda: children_of(tmp_path), "a child")
        yield process


def children_of(folder: Path) -> list[psutil.Process]:
    """The children that the folder's file names."""
    file = folder / "processes.json"
    return [psutil.Process(one["pid"]) for one in json.loads(file.read_text())["children"]] if file.exists() else []


@pytest.mark.skipif(sys.platform != "linux", reason="only the Linux kernel tells a child that its parent died")
def test_the_kernel_ends_the_children_of_a_killed_parent(parent, tmp_path):
    """SIGKILL leaves the parent no chance; its children end all the same."""
    children = children_of(tmp_path)
    parent.kill()
    psutil.wait_procs(children, timeout=60)
    assert left_of(children) == []


def test_the_next_start_ends_what_is_left(tmp_path):
    """A child that outlived its parent is ended by the next start, and forgotten."""
    orphan = subprocess.Popen(SLEEPER, start_new_session=True)
    left = {"pid": orphan.pid, "command": " ".join(SLEEPER)}
    wait_until(lambda: psutil.Process(orphan.pid).cmdline() == SLEEPER, "a program that has begun")
    write(tmp_path, parent={"pid": 2**22 + 1, "command": "a demo that is gone"}, children=[left])
    children = Children(tmp_path)
    assert orphan.wait(timeout=60) == -signal.SIGTERM
    children.close()
    assert not (tmp_path / "processes.json").exists()


def test_a_process_number_that_belongs_to_another_program_by_now(tmp_path):
    """It is left alone."""
    stranger = subprocess.Popen(SLEEPER, start_new_session=True)
    try:
        write(
            tmp_path,
            parent={"pid": stranger.pid, "command": "a demo that is gone"},
            children=[{"pid": stranger.pid, "command": "a sandbox that is gone"}],
        )
        Children(tmp_path).close()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def write(folder: Path, **processes: object) -> None:
    """The file that an earlier start left."""
    (folder / "processes.json").write_text(json.dumps(processes))


def test_a_parent_that_still_runs(parent, tmp_path):
    """A second start takes nothing away from it."""
    with pytest.raises(StillRunning, match=f"process {parent.pid}"):
        Children(tmp_path)
    assert left_of(children_of(tmp_path))


def test_close_ends_a_child_that_ignores_sigterm(tmp_path, monkeypatch):
    """Politely first, and after a while for certain; the child's own children too."""
    monkeypatch.setattr("a2m.processes._GRACE_SECONDS", 0.2)
    (tmp_path / "deaf.py").write_text(
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "print('ready', flush=True)\n"
        "time.sleep(600)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    children = Children(tmp_path)
    children.start("deaf", ["deaf"])
    wait_until(lambda: "ready" in children.log("deaf").read_text(), "a child that is ready")
    (child,) = children_of(tmp_path)
    family = [child, *child.children(recursive=True)]
    assert len(family) == 2
    assert children.ended() is None
    children.close()
    psutil.wait_procs(family, timeout=60)
    assert left_of(family) == []


def test_a_child_that_ends_by_itself_is_noticed(tmp_path):
    """Its name is given, and what it said is in its log."""
    children = Children(tmp_path)
    children.start("short", ["no_such_module"])
    wait_until(lambda: children.ended() == "short", "an end that is noticed")
    assert "no_such_module" in children.log("short").read_text()
    children.close()
