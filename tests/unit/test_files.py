import pytest

from apnp.files import atomic_write


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
