"""Find recordings in a BIDS folder and read what stands beside them."""
