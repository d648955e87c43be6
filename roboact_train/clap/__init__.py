"""Training of CLAP (https://arxiv.org/abs/2601.04061)."""
