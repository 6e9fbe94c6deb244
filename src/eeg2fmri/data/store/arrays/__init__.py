"""A store from arrays, and arrays with names from a store."""
