"""What a classification found."""
