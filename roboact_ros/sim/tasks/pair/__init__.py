"""Tasks that take two arms, one in each file."""
