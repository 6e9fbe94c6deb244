"""The simulated head: anatomy, sources, electrodes, lead field."""
