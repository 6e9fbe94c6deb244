"""Keep where a training stands: states, best weights, history."""
