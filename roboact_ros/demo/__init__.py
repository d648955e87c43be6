"""A conversation with the simulated cell that proves itself from its own recording."""
