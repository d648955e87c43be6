"""How often a policy does its tasks in the simulator, in closed loop and from images alone."""
