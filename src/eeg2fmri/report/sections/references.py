"""Works that methods cite: how they are cited in a text, and their BibTeX."""

from __future__ import annotations

from eeg2fmri import __version__

#: Key: how it is cited in the text, and its entry.
REFERENCES: dict[str, tuple[str, str]] = {
    "eeg2fmri": (
        "eeg2fmri",
        f"@software{{eeg2fmri,\n  author = {{{{The eeg2fmri developers}}}},\n  title = {{eeg2fmri}},\n"
        f"  version = {{{__version__}}}\n}}",
    ),
    "calhas2022": (
        "Calhas and Henriques, 2022",
        "@misc{calhas2022,\n  author = {Calhas, David and Henriques, Rui},\n"
        "  title = {{EEG} to {fMRI} Synthesis Benefits from Attentional Graphs of Electrode Relationships},\n"
        "  year = {2022},\n  eprint = {2203.03481},\n  archivePrefix = {arXiv}\n}",
    ),
    "gramfort2013": (
        "Gramfort et al., 2013",
        "@article{gramfort2013,\n  author = {Gramfort, Alexandre and others},\n"
        "  title = {{MEG} and {EEG} data analysis with {MNE-Python}},\n  journal = {Frontiers in Neuroscience},\n"
        "  volume = {7},\n  pages = {267},\n  year = {2013},\n  doi = {10.3389/fnins.2013.00267}\n}",
    ),
    "pernet2019": (
        "Pernet et al., 2019",
        "@article{pernet2019,\n  author = {Pernet, Cyril R. and others},\n"
        "  title = {{EEG-BIDS}, an extension to the brain imaging data structure for electroencephalography},\n"
        "  journal = {Scientific Data},\n  volume = {6},\n  pages = {103},\n  year = {2019},\n"
        "  doi = {10.1038/s41597-019-0104-8}\n}",
    ),
    "gorgolewski2016": (
        "Gorgolewski et al., 2016",
        "@article{gorgolewski2016,\n  author = {Gorgolewski, Krzysztof J. and others},\n"
        "  title = {The brain imaging data structure, a format for organizing and describing outputs of neuroimaging"
        " experiments},\n"
        "  journal = {Scientific Data},\n  volume = {3},\n  pages = {160044},\n  year = {2016},\n"
        "  doi = {10.1038/sdata.2016.44}\n}",
    ),
    "abraham2014": (
        "Abraham et al., 2014",
        "@article{abraham2014,\n  author = {Abraham, Alexandre and others},\n"
        "  title = {Machine learning for neuroimaging with scikit-learn},\n"
        "  journal = {Frontiers in Neuroinformatics},\n  volume = {8},\n  pages = {14},\n  year = {2014},\n"
        "  doi = {10.3389/fninf.2014.00014}\n}",
    ),
    "bach2015": (
        "Bach et al., 2015",
        "@article{bach2015,\n  author = {Bach, Sebastian and others},\n"
        "  title = {On pixel-wise explanations for non-linear classifier decisions by layer-wise relevance"
        " propagation},\n"
        "  journal = {PLoS ONE},\n  volume = {10},\n  pages = {e0130140},\n  year = {2015},\n"
        "  doi = {10.1371/journal.pone.0130140}\n}",
    ),
    "akiba2019": (
        "Akiba et al., 2019",
        "@inproceedings{akiba2019,\n  author = {Akiba, Takuya and others},\n"
        "  title = {Optuna: a next-generation hyperparameter optimization framework},\n"
        "  booktitle = {Proceedings of the 25th ACM SIGKDD International Conference on Knowledge Discovery and Data"
        " Mining},\n  year = {2019},\n  doi = {10.1145/3292500.3330701}\n}",
    ),
    "pedregosa2011": (
        "Pedregosa et al., 2011",
        "@article{pedregosa2011,\n  author = {Pedregosa, Fabian and others},\n"
        "  title = {Scikit-learn: machine learning in {Python}},\n"
        "  journal = {Journal of Machine Learning Research},\n  volume = {12},\n  pages = {2825--2830},\n"
        "  year = {2011}\n}",
    ),
}
