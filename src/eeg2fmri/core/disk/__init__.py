"""Files and folders: written whole or not at all, read with limits, locked, known again by digests."""
