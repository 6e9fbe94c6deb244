"""Hold the baselines, each in a file that names its `BASELINES`: one that is added here stands in every table."""
