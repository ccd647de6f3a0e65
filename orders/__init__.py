"""What buyers ordered, and where each order stands."""
