#!/bin/sh
# One batch for each practice area, taking turns between providers.
#
#   AREAS="uk/contract uk/tort" PROVIDERS="groq cerebras" COUNT=50 chain.sh
#
# Can be started again at any time. An area is done when its count is reached, and is not done again;
# a batch that was paused, killed or ended by a bound is resumed first. Remove $DONE to begin anew.
#
#   0   all areas are done            4   a bound ended some: start again, or raise MAX_COST
#   5   another batch is running      75  all quotas are used up: start again later
# Other codes are legalgen's, and end the chain: 6 means that a batch was stopped by what nobody set.
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

# Every batch with a status, as id=area.
begun() {
    "$PROGRAM" history --status "$1" --limit 1000 --json | sed 's/{"id":"/\
/g' | sed -n 's/^\([^"]*\)".*"practice_area":\["\([^"]*\)"\].*/\1=\2/p'
}

# Whether an area's count is reached.
is_done() { grep -qxF "$1" "$DONE"; }

# Note an area as done if its batch ended with 0.
note() {
    if [ "$1" -eq 0 ] && ! is_done "$2"; then echo "$2" >>"$DONE"; fi
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

tried=" "
for status in paused interrupted stopped; do
    for batch in $(begun $status); do
        id=${batch%%=*} area=${batch#*=}
        say "resuming $id, which was $status"
        "$PROGRAM" batch "$id" --resume --max-wait "${MAX_WAIT:-5m}" --max-cost "${MAX_COST:-5}" --quiet
        code=$?
        note $code "$area"
        heed $code
        tried="$tried$area "
    done
done

for area in $AREAS; do
    take_turn
    case $tried in *" $area "*) continue ;; esac
    if is_done "$area"; then
        continue
    fi
    say "$area, $provider first"
    "$PROGRAM" batch --provider "$provider" --practice-area "$area" --count "$COUNT" \
        --max-wait "${MAX_WAIT:-5m}" --max-cost "${MAX_COST:-5}" --quiet
    code=$?
    note $code "$area"
    heed $code
done

for area in $AREAS; do
    if ! is_done "$area"; then
        say "not all areas are done; start this again" && exit 4
    fi
done
say "all areas are done"
