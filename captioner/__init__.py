"""Captioner: live captions for whatever your computer hears."""

from typing import Final

__version__: Final = "0.1.0"
