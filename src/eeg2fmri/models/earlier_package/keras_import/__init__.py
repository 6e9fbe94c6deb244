"""Checkpoints of the earlier TensorFlow package, read without TensorFlow."""
