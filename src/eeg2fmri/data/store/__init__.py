"""The store: one folder a recording, plain arrays by memory map, one manifest."""
