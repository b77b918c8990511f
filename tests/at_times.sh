#!/usr/bin/env bash
# The tests that touch time (marker `clock`), repeated under libfaketime as if they began at midnight, at noon, late in
# the evening, ten seconds before midnight, and ten seconds before the end of a month and of a year, all UTC:
#
#     tests/at_times.sh [OPTIONS AND PATHS OF PYTEST]
#
# Each instant is the next one of its kind. AT="2027-02-28 23:59:50" tries another one alone; MARKED="" all tests.
# MIDNIGHT_IN=0.05 lets midnight come so many seconds after each test began, in place of all that.
# Only the wall clock is shifted, by the same amount in every process: the monotonic clock and the times of files stay.
# (The sandbox of `man` ends it for what libfaketime calls; what libfaketime mends of waits by the monotonic clock for an
# older glibc makes Chromium's threads spin with this one: 78 s in place of 2 for a page.)
set -euo pipefail
cd "$(dirname "$0")/.."

for library in /usr/lib/*/faketime/libfaketime.so.1; do :; done
[[ -f $library ]] || { echo "at_times.sh: needs libfaketime (apt-get install faketime)" >&2; exit 2; }

instants=("tomorrow 00:00" "tomorrow 12:00" "tomorrow 22:30" "today 23:59:50"
    "$(date -u +%Y-%m-01) +1 month -10 seconds" "$(date -u +%Y)-12-31 23:59:50")
[[ -z ${AT-} ]] || instants=("$AT")
plugin=()
[[ -z ${MIDNIGHT_IN-} ]] || { instants=("tomorrow 00:00") plugin=(-p midnight_in) && export MIDNIGHT_IN FAKETIME_NO_CACHE=1; }
python=$PWD/.venv/bin/python
[[ -x $python ]] || python=python3

# Only the files that name the marker are looked through, unless files are told: six times a second and more of each core.
files=()
[[ ${MARKED-unset} != unset || "$*" == *tests* ]] || mapfile -t files < <(grep -rl --include='test_*.py' 'mark\.clock' tests)

failed=()
for instant in "${instants[@]}"; do
    then=$(date -u -d "$instant" +%s)
    echo "+ at $(date -u -d "@$then" '+%Y-%m-%d %H:%M:%S') UTC: pytest -m '${MARKED-clock and not long}' $*"
    env LD_PRELOAD="$library" FAKETIME="$(printf '%+d' $((then - $(date +%s))))s" FAKETIME_DONT_FAKE_MONOTONIC=1 \
        NO_FAKE_STAT=1 FAKETIME_FORCE_MONOTONIC_FIX=0 MAN_DISABLE_SECCOMP=1 PYTHONPATH="$PWD/tests/faketime${PYTHONPATH:+:$PYTHONPATH}" \
        "$python" -m pytest "${plugin[@]}" -m "${MARKED-clock and not long}" "$@" "${files[@]}" || failed+=("$instant")
done
if ((${#failed[@]})); then
    printf 'at_times.sh: failed at: %s\n' "${failed[@]}" >&2
    exit 1
fi
