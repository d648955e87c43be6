"""RoboAct-CLIP's network on top of a frozen CLIP: videos of single actions as subject, object and action.

After "Robotic action learning with RoboAct-CLIP" (https://arxiv.org/abs/2504.02069); equation numbers are the paper's.
"""
