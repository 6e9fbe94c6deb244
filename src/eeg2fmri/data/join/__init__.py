"""Several stores as one: their recordings on the electrodes, frequencies, clock and grid of the first."""
