"""A simulated robot cell behind the real robot's network protocol."""
