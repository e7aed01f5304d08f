"""How things are, at a glance and in detail: the mark, and what it opens."""
