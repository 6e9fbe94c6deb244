"""Write simulated recordings and their truth as a BIDS folder."""
