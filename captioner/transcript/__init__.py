"""From hypotheses to what a reader sees and keeps: segments, steadiness, lines, file formats.

Pure logic on values; no input or output, no clock of its own. Runs on whatever thread calls it.
"""
