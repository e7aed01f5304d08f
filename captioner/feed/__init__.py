"""Captions live over WebSocket, to other programs and to a page for OBS."""
