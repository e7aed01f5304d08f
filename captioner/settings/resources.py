"""Where the files are that come with the program: translations, pages, pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import captioner


def resource(name: str) -> Path:
    """Return the path of the file ``name``, such as ``translations/captioner_de.qm``.

    It lies beside the package in a clone and in a frozen program, and below ``share/captioner``
    where a wheel was installed. Whoever opens it finds out whether it is there.
    """
    beside = Path(captioner.__file__).resolve().parent.parent / "resources"
    installed = Path(sys.prefix) / "share" / "captioner"
    return (beside if beside.is_dir() else installed) / name
