#!/usr/bin/env bash
# A script of the simulated cortex: report-event.sh LIBRARY EVENT_TYPE TASK ARGS… logs one event and prints its id.
set -euo pipefail
LINEAGE_ID=
# shellcheck source=/dev/null
source "$1"
"log_$2" "${@:3}"
printf '%s\n' "$LINEAGE_ID"
