"""CLAP (https://arxiv.org/abs/2601.04061): what its models' numbers mean."""
