"""What was said, as text: recordings and microphones in, sentences for the language room out."""
