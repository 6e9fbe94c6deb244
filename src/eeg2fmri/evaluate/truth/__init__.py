"""Join a store with the truth of the simulation that it came from."""
