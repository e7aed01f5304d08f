"""Writes what the shell that is named wants for completing ``captioner``, to standard output.

python packaging/completions.py bash|zsh|fish
"""

from __future__ import annotations

import sys
from typing import Final

from typer.completion import get_completion_script

from captioner.cli.main import COMPLETION_VARIABLE

# zsh loads the file when it is asked for the first time, and wants the answer at once.
_FIRST_TIME: Final = '\n[[ ${funcstack[1]} != _captioner ]] || _captioner_completion "$@"\n'

if __name__ == "__main__":
    shell = sys.argv[1]
    print(
        get_completion_script(prog_name="captioner", complete_var=COMPLETION_VARIABLE, shell=shell)
    )
    if shell == "zsh":
        print(_FIRST_TIME)
