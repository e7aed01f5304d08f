"""The transcript: all that was said since the program began, to be read, searched and saved."""
