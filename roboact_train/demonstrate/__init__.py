"""Demonstrations by the scripted teacher, as training data."""
