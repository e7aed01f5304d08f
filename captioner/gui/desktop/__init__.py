"""The desktop around the windows: what it can do for them, and what it cannot."""
