"""Paired, round-trip-tested conversions between our dataclasses and ROS messages."""
