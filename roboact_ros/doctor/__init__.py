"""Finds out what a robot cell lacks on this machine: one small check per file, each line with what to do."""
