"""Language tasks on the simulated table: what is asked, when it is done, and how a teacher does it."""
