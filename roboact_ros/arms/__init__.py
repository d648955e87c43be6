"""Drivers of robot arms and grippers."""
