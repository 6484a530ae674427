#!/bin/sh
# Fill the dataset up to TOTAL rows: for cron and systemd timers.
#
#   nightly.sh [TOTAL]
#
# Needs no terminal, no profile and no HOME: everything is set here or by the caller.
# Ends with 0 when there is nothing for a person to do: the dataset is full, a bound was met, or the
# quotas of the day are used up. Every other exit code of legalgen is passed on: 6 means that a batch
# was stopped by what nobody set (its prompt, its gate), which the next night will not mend.
# Of a normal night it says nothing, so that cron mails nothing; a dead key, an account without credit
# or another provider that is paid in its place is a line.
set -u

TOTAL=${1:-10000}
BASE=${LEGALGEN_BASE:-/srv/legalgen}

export LEGALGEN_CONFIG="${LEGALGEN_CONFIG:-$BASE/config.toml}" # holds the keys: chmod 600
export LEGALGEN_DATA_DIR="${LEGALGEN_DATA_DIR:-$BASE/data}"
export LEGALGEN_STATE_DIR="${LEGALGEN_STATE_DIR:-$BASE/state}"
export LEGALGEN_LOG_DIR="${LEGALGEN_LOG_DIR:-$BASE/log}"
export LC_ALL=C.UTF-8

# The file of metrics is for node_exporter's textfile collector.
"${LEGALGEN_PROGRAM:-legalgen}" batch --until-total "$TOTAL" --quiet \
    --wait --wait-max "${WAIT_MAX:-2h}" --max-time "${MAX_TIME:-5h}" \
    --metrics-file "${METRICS_FILE:-$BASE/legalgen.prom}"
code=$?

case $code in
0) ;;
4 | 75) ;; # a bound was met, the quotas are used up: the next night goes on, and nobody is mailed
5) echo "legalgen: another batch was still running after ${WAIT_MAX:-2h}" >&2 && exit 5 ;;
*) exit $code ;;
esac
