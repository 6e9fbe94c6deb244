"""Put pages together: a run, a benchmark, a classification, a search, several runs."""
