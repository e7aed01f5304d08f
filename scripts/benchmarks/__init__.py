"""What `scripts/bench` measures.

Every figure is made in one run, side by side, and none is kept from another day.
"""
