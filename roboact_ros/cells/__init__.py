"""The description of a robot cell and the processes it needs."""
