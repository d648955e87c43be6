"""Behaviour cloning on a frozen encoder."""
