"""Demonstrations done again in other ways: in the simulator, or by a running cell."""
