"""The baselines, each in a file of its own that names its `BASELINES`: one that is added here stands in every table."""
