"""Words of a person turned into motions."""
