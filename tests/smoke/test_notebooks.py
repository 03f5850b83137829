"""Every notebook runs from beginning to end, with its loops shortened."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
SHOWS = {
    "demo.ipynb": (3, "regression kriging"),
    "network_care.ipynb": (3, "mean predictive standard deviation of"),
    "own_network.ipynb": (2, "regression kriging"),
    "new_group.ipynb": (1, "RCNP, approximate keeps the laws"),
}
"""Number of pictures of each notebook, and a text that it prints."""
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


@pytest.mark.slow
@each
def test_a_notebook_runs(path, monkeypatch):
    monkeypatch.setenv("APNP_NOTEBOOK_FAST", "1")
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    number, word = SHOWS[path.name]
    assert len(pictures) == number
    text = "".join(o.get("text", "") for o in outputs)
    assert word in text
    assert "Traceback" not in text


@each
def test_a_notebook_is_kept_without_outputs(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert code
    assert not any(cell.outputs or cell.execution_count for cell in code)
