"""The whole program with real parts only: sound server, display, engine, processes."""
