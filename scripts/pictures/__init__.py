"""Pictures of the real windows, for the README and for eyes."""
