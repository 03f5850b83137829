import os
import socket
import subprocess
import sys
import threading

import pytest

from apnp.errors import ConfigError
from apnp.files import atomic_write, locked, partial_of, visible


def test_a_file_takes_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")
    with atomic_write(path) as temporary:
        temporary.write_text("after")
        assert temporary.parent == tmp_path
        assert path.read_text() == "before"
    assert path.read_text() == "after"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("before")

    def fail():
        with atomic_write(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def ended_process():
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_partial_files_of_ended_processes_are_swept_and_others_left(tmp_path):
    path, host = tmp_path / "a.txt", socket.gethostname()
    lost = tmp_path / f".a.txt.{ended_process()}-1@{host}.part"
    lost_folder = tmp_path / f".a.txt.{ended_process()}-2@{host}.part"
    others = [
        tmp_path / f".a.txt.{os.getpid()}-1@{host}.part",
        tmp_path / f".a.txt.{ended_process()}-1@another.part",
        tmp_path / f".b.txt.{ended_process()}-1@{host}.part",
    ]
    lost_folder.mkdir()
    for partial in (lost, lost_folder / "inside", *others):
        partial.write_text("half")
    with atomic_write(path) as temporary:
        temporary.write_text("all")
    assert sorted(tmp_path.iterdir()) == sorted([path, *others])


def test_partial_files_are_hidden(tmp_path):
    for path in (tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / ".DS_Store"):
        path.write_text("x")
        partial_of(path).write_text("x")
    assert [path.name for path in visible(tmp_path)] == ["a.csv", "b.csv"]


WAITS = """
import sys
from pathlib import Path
from apnp.files import locked
with locked(Path(sys.argv[1]), "--run"):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_one_process_writes_at_a_time_and_a_killed_one_holds_nothing(tmp_path):
    path = tmp_path / "run"
    holder = subprocess.Popen(
        [sys.executable, "-c", WAITS, path], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout.readline() == "held\n"
    with (
        pytest.raises(ConfigError, match=r"run: another command.*another --run"),
        locked(path, "--run"),
    ):
        pass
    holder.kill()
    holder.communicate()
    with locked(path, "--run"):
        assert [p.name for p in tmp_path.iterdir()] == [".run.lock"]
    assert not list(tmp_path.iterdir())


def test_one_thread_writes_at_a_time(tmp_path):
    refused = []

    def write():
        try:
            with locked(tmp_path / "run", "--output"):
                pass
        except ConfigError as error:
            refused.append(error)

    with locked(tmp_path / "run", "--output"):
        thread = threading.Thread(target=write)
        thread.start()
        thread.join()
    assert len(refused) == 1
    write()
    assert len(refused) == 1
