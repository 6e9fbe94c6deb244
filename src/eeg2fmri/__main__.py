"""``python -m eeg2fmri`` is the command ``eeg2fmri``."""

from eeg2fmri.cli.main import main

main()
