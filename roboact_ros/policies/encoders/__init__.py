"""Frozen encoders of what a camera shows, below policies that learn by behaviour cloning."""
