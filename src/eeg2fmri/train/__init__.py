"""Train a synthesiser on a store; the result is a run folder that explains itself."""
