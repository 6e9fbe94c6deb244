"""Sphinx settings of the documentation site."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from eeg2fmri import __version__

# a docstring of torch that modules inherit has a section that numpydoc does not know
warnings.filterwarnings("ignore", message="Unknown section Arguments")

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
]
exclude_patterns = ["_build", "_ext"]
source_suffix = {".md": "markdown"}

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
