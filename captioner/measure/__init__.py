"""How good a recogniser is and how much it bears, measured through the client that captions."""
