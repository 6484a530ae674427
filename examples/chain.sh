#!/bin/sh
# One batch for each practice area, taking turns between providers.
#
#   AREAS="uk/contract uk/tort" PROVIDERS="groq cerebras" COUNT=50 chain.sh
#
# Can be started again at any time: areas that are done are not done again, and a batch that was
# paused or killed is resumed first. Remove $DONE to begin anew.
#
#   0   all areas are done            5   another batch is running: start again later
#   75  all quotas are used up: start again later; other codes are legalgen's
set -u

AREAS=${AREAS:-"uk/contract uk/tort uk/employment"}
PROVIDERS=${PROVIDERS:-"groq cerebras"}
COUNT=${COUNT:-50}
DONE=${DONE:-chain.done}
PROGRAM=${LEGALGEN_PROGRAM:-legalgen}

say() { echo "chain: $*" >&2; }

# What follows from the exit code of a batch: return to go on, exit to stop.
heed() {
    case $1 in
    0) ;;
    4) say "a bound was met; what was made is kept" ;;
    5) say "another batch is running; start this again later" && exit 5 ;;
    75) say "all quotas are used up; start this again later" && exit 75 ;;
    *) say "ended with $1" && exit "$1" ;;
    esac
}

# The id of the newest batch with a status, or nothing.
newest() {
    "$PROGRAM" history --status "$1" --limit 1 --json |
        sed -n 's/^\[{"id":"\([^"]*\)".*/\1/p'
}

# The next provider: the first of the list, which then moves to its end.
take_turn() {
    # shellcheck disable=SC2086 # a list of words
    set -- $PROVIDERS
    provider=$1
    shift
    PROVIDERS="$* $provider"
}

touch "$DONE" || exit 74

for status in paused interrupted; do
    while id=$(newest $status) && [ -n "$id" ]; do
        say "resuming $id, which was $status"
        "$PROGRAM" batch "$id" --resume --quiet
        heed $?
    done
done

for area in $AREAS; do
    take_turn
    if grep -qxF "$area" "$DONE"; then
        continue
    fi
    say "$area, $provider first"
    "$PROGRAM" batch --provider "$provider" --practice-area "$area" --count "$COUNT" \
        --max-wait "${MAX_WAIT:-5m}" --max-cost "${MAX_COST:-5}" --quiet
    code=$?
    # A paused batch is resumed by its id next time, unless it could not even begin.
    if [ $code -eq 75 ] && [ -n "$(newest paused)" ]; then
        echo "$area" >>"$DONE"
    fi
    heed $code
    echo "$area" >>"$DONE"
done
say "all areas are done"
