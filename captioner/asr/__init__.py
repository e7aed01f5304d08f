"""The recognition client: one path to every server that speaks the Riva protocol.

`recogniser` keeps a stream going over failures; `stream` is one call; `replay` holds the audio
that no final has covered yet; `channel` makes connections. All of it runs on one asyncio loop.
"""
