"""Language tasks on the simulated table: what stands there, what is asked, when it is done and how a teacher does it."""
