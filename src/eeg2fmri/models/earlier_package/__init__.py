"""Names, flags and checkpoints of the earlier TensorFlow package."""
