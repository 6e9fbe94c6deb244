"""Ridge regressions over groups of recordings, what is chosen with one group left out, and stacks of them."""
