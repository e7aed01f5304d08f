#!/usr/bin/env bash
# Sets up what is missing and starts Captioner; all arguments go to `captioner`.
#
#   bash scripts/run.sh                    captions: in a window, or in the terminal without a display
#   bash scripts/run.sh live --source mic  any command of captioner
#   bash scripts/run.sh --help             all commands
#
# A second run starts at once. The log of the set-up is build/logs/run.log.
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

open_log run
write_log INFO "run.sh starts"
install_missing "${RUN_NEEDS[@]}"
is_installed .test-stamp '[media]' || install_captioner .run-stamp ''
write_log INFO "set-up complete; starting captioner"
exec "$VENV/bin/python" -m captioner "$@"
