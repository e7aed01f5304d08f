"""The language of the windows: which one, and the sentences that come from below."""
