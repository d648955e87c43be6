"""Training of the CLIP-RT family: contrastive imitation, action tokens, and the decoder of action chunks."""
