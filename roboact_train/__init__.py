"""Training of policies on recorded episodes."""
