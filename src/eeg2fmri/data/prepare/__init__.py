"""Make a store from recordings, and replay the same on a new recording."""
