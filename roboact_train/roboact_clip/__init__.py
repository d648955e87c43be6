"""RoboAct-CLIP: data of single actions, made of annotated videos (https://arxiv.org/abs/2504.02069)."""
