"""Write the page of a run, and a page that compares runs."""

from eeg2fmri.report import write_index, write_report

print(write_report("run"))
print(write_index(["run"], "index.html"))
