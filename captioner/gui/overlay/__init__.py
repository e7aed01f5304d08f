"""The overlay: the window with the captions, which stays on top and never takes the keyboard."""
