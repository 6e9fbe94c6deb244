"""Sphinx settings of the documentation site."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from eeg2fmri import __version__

# docstrings that ours inherit from torch have sections that numpydoc does not know
warnings.filterwarnings("ignore", message="Unknown section")

project = "eeg2fmri"
author = "The eeg2fmri developers"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "docstrings",
    "generated_pages",
    "mathml",
    "sphinx_gallery.gen_gallery",
    "inside_links",
]
exclude_patterns = ["_build", "_ext", "examples"]
# the gallery writes its pages as reStructuredText
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    # each example goes on from the files of those before it: all of them run in every build
    "run_stale_examples": True,
    "abort_on_example_error": True,
    "image_scrapers": ("gallery_pictures",),
    "reset_modules": ("gallery_pictures.start_anew",),
    "min_reported_time": 1e9,
    "write_computation_times": False,
    "show_signature": False,
    "show_memory": False,
}

myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3

# formulas become MathML, which browsers draw by themselves: the site needs no network
html_math_renderer = "mathml"

autodoc_typehints = "none"
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
add_module_names = False

# every reference inside the site has to lead somewhere
nitpicky = True

html_theme = "furo"
html_title = f"eeg2fmri {release}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
pygments_style = "tango"
