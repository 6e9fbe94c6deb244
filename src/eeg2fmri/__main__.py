"""``python -m eeg2fmri`` is the command ``eeg2fmri``.

A command takes Ctrl-C while it works. While Python is still loading, and when the work is done, Ctrl-C ends the process
as it ends any other: there is nothing to tidy, and no traceback to show.
"""

import signal

if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from eeg2fmri.cli.bids_app import main as bids_app
from eeg2fmri.cli.main import main

__all__ = ["bids_app", "main"]

if __name__ == "__main__":
    main()
