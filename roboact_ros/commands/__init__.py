"""One module per command of ``roboact``, each with ``add_arguments(parser)`` and ``run(args) -> exit status``.

What several of them share stands beside them.
"""

COMMANDS = {
    "up": "start a robot cell from its system file",
    "say": "say something to a running cell",
    "teleop": "talk to a running cell, line by line",
    "parse": "show what words mean without moving anything",
    "hear": "turn recorded speech into words and show what they mean",
    "score": "score the motions for one image with a CLIP-RT model",
    "record": "record episodes in a running cell, twenty in a row or one at a time",
    "view": "look at a recorded episode, or make a picture of it",
    "bags": "list, describe and repair recorded episodes",
    "convert": "turn recorded episodes and other data sets into training data",
    "reconstruct": "make the training data of RoboAct-CLIP: videos of single actions",
    "demonstrate": "let the scripted teacher make training data in the simulator",
    "teach": "let the scripted teacher talk to a simulated cell and record it",
    "augment": "do recorded demonstrations again in other ways",
    "eval": "measure how often a policy does its tasks in the simulator",
    "train": "train a policy on recorded episodes and other data",
    "tokens": "measure and use the tokenizers of CLAP",
    "demo": "talk to a simulated arm and prove what it did",
    "cameras": "list the cameras that are plugged in",
    "sim": "run a simulated UR controller alone",
    "doctor": "find out what a robot cell lacks on this machine, and what to do about it",
    "bench": "measure speed beside the best alternatives",
}
"""Every command with its one-line help; the modules are imported only when run."""
