"""Hold what the commands found: one class for each result, which writes and reads its own files.

No torch is needed, and nothing is computed here that is not in the files: `evaluate`, `explain`, `classify` and `tune`
make these results, `report` draws them. Damaged files and those of other versions are refused here, by
an error that names the file and what to do.
"""
