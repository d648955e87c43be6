"""The operator's web page: what it shows, what it may ask for, and who may open it. Knows nothing of ROS."""
