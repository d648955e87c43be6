"""Networks that policies run: how they are read from files and how they run fast."""
