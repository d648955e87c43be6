"""Motions turned into safe, smooth joint targets."""
