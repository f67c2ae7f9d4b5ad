"""The documentation site, as Sphinx reads it; `scripts/docs` builds it. Nothing is fetched while it is built or read."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import generate  # noqa: E402
from pygments.lexers import TextLexer  # noqa: E402

import fleeting  # noqa: E402

generate.write_pages(HERE / "generated")

project = "Fleeting"
author = "The Fleeting developers"
copyright = author
version = release = fleeting.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
exclude_patterns = ["generated/gallery/*.py", "generated/gallery/*.ipynb", "**/sg_execution_times.rst", "sg_execution_times.rst"]

# Pages are written for the code host as well: plain Markdown, whose links and anchors are the same in both.
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence"]
myst_heading_anchors = 4

autosummary_generate = True
autodoc_typehints = "none"  # types stand in the docstrings, in words
autodoc_member_order = "bysource"
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "generated/gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "image_scrapers": ("matplotlib",),
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "plot_gallery": "True",
}
# Examples train networks for a few epochs, and say so.
warnings.filterwarnings("ignore", message=".*it has not learned")

html_theme = "pydata_sphinx_theme"
html_title = "Fleeting"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "Fleeting"},
    "show_prev_next": False,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_align": "left",
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars: dict[str, list[str]] = {"index": [], "generated/commands": [], "architecture": []}
html_context = {"default_mode": "auto"}


def setup(app: object) -> None:
    """Hold members to what is Fleeting's own, and find what docstrings name in short."""
    for fence in ("layers", "never"):  # the lists in architecture.md that tests read
        app.add_lexer(fence, TextLexer)  # type: ignore[attr-defined]
    app.connect("build-finished", generate.check_offline)  # type: ignore[attr-defined]
    app.connect("source-read", generate.point_to_the_site)  # type: ignore[attr-defined]
    app.connect("autodoc-skip-member", generate.skip_member)  # type: ignore[attr-defined]
    app.connect("missing-reference", generate.resolve)  # type: ignore[attr-defined]

