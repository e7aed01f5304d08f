"""The first run: what to hear, where to recognise, how it looks."""
