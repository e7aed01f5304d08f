"""A caption session: source, recogniser, transcript and listeners joined, with one owner of state.

Knows no Qt. `controller` is what front ends use; `embedded` looks after the engine's process.
"""
