"""The history: what was captioned, in one SQLite file that survives whatever ends the program."""
