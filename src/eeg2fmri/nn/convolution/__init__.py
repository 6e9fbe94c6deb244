"""Convolutions and the residual block of the encoders."""
