"""The desktop around the windows: what it can do for them, one window a profile, keys, start."""
