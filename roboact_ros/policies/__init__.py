"""Models that choose motions from images and instructions."""
