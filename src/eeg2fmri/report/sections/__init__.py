"""Make the sections of a page: pictures, words and tables."""
