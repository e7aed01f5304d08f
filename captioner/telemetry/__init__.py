"""What the program writes down about itself: logs without secrets and without transcripts."""
