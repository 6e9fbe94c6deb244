"""Features of one row of EEG (one TR) for every electrode, each kind in a file of its own.

A file names its ``KIND``; `columns` says what it gives of a recording, `values` computes it before it is z-scored over
the recording. A file that is added here is a kind that can be asked for.
"""
