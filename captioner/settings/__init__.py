"""Typed settings: what they are, where they are kept, and which source wins."""
