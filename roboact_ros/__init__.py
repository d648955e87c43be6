"""Teach and run a real robot arm by talking to it, on ROS 2."""
