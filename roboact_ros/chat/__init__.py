"""Questions to large language models behind an OpenAI-compatible endpoint."""
