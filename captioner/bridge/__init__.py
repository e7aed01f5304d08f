"""Captions of audio that programs and browsers send over WebSocket, each client its own."""
