"""Open what is evaluated: the run, the methods beside it, its examples."""
