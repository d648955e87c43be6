"""Training data: recorded bags and foreign data sets to samples, and samples to the layouts that training reads."""
