"""Families of EEG features that the recommended synthesiser weighs, each in a file of its own.

A file names its `FAMILY`; one that is added here is tried in every fit. Where the recordings do not have the row
features that a family reads, it is left out.
"""
