"""Configuration of the documentation site (`make docs`)."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
sys.path.insert(0, str(ROOT))

import nbformat  # noqa: E402
from nbclient import NotebookClient  # noqa: E402

import apnp  # noqa: E402

project = "apnp"
author = "The apnp developers"
project_copyright = author
version = release = apnp.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "sphinx-mathjax-offline",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "jupyter_execute"]
html_theme = "furo"
html_title = f"apnp {release}"
html_static_path = ["_static"]
html_css_files = ["tables.css"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
# File names after a language, as in "```yaml mine.yaml", are for the tests.
suppress_warnings = ["misc.highlighting_failure"]

# The gallery runs while the site is built, and again when its code changes.
nb_execution_mode = "cache"
nb_execution_excludepatterns = ["notebooks/*"]
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_merge_streams = True
nb_output_stderr = "remove"

autodoc_member_order = "bysource"
autodoc_typehints = "none"
autodoc_default_options = {"members": True}
napoleon_google_docstring = True
napoleon_use_ivar = True
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True


def run_notebooks(app: object) -> None:
    """Run the notebooks, with short loops, where they changed since the last build."""
    os.environ["APNP_NOTEBOOK_FAST"] = "1"
    target = DOCS / "notebooks"
    target.mkdir(exist_ok=True)
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        done = target / path.name
        if done.exists() and done.stat().st_mtime > path.stat().st_mtime:
            continue
        notebook = nbformat.read(path, as_version=4)
        at = {"metadata": {"path": path.parent}}
        NotebookClient(notebook, timeout=600, resources=at).execute()
        nbformat.write(notebook, done)


def setup(app: object) -> None:
    """Sphinx calls this before it reads the pages."""
    app.connect("builder-inited", run_notebooks)  # type: ignore[attr-defined]
