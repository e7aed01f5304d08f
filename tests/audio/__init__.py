"""Tests of captioner.audio, against real sound servers and real files."""
