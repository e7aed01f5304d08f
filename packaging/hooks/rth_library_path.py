"""Programs that Captioner starts (ffmpeg, a browser) load the system's libraries, not its own.

The start of the bundle puts its folder into LD_LIBRARY_PATH, and the old value beside it.
"""

import os

_before = os.environ.pop("LD_LIBRARY_PATH_ORIG", None)
if _before is not None:
    os.environ["LD_LIBRARY_PATH"] = _before
else:
    os.environ.pop("LD_LIBRARY_PATH", None)
