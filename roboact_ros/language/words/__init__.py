"""The words and phrases the parser knows, by room of meaning."""
