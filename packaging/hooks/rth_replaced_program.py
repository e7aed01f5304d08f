"""An upgrade replaces the program while it runs, and most modules are loaded when they are wanted.

They are still read from the file that was started: Linux keeps it for as long as it runs. By its
name there is the new one, where other modules stand. Other systems do not replace what runs.
"""

import sys

if sys.platform == "linux":
    import pyimod02_importers

    pyimod02_importers.pyz_archive._filename = "/proc/self/exe"  # noqa: SLF001  # it has no other way
