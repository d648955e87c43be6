"""Episodes written to and read from MCAP rosbags."""
