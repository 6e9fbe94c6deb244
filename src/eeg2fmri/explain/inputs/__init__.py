"""Open what is explained: the run, its windows, the target of the explanation."""
