"""Where captions go besides the window: a terminal, JSON lines, a text file.

A sink writes on a thread of its own behind a bounded queue, so that a slow terminal or disk never
delays a caption, and a failing one is told once and left out.
"""
