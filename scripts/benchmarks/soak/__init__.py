"""Hours of speech, faster than real time, with everything watched that may grow or get lost."""
