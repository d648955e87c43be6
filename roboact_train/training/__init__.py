"""What the training of every model shares: the loop, its state on disk, and finished models."""
