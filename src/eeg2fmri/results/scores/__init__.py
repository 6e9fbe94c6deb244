"""Hold what an evaluation, a benchmark or a cross-validation found: scores, controls, claims."""
