"""Networks of CLAP, with the names of the released weights (https://arxiv.org/abs/2601.04061)."""
