#!/bin/sh
# snatbot's egress probe: opens new connections from this node, as any pod does, and reports how that went.
# It needs sh, curl, and cat, date, rm, sed and sleep, and runs in an empty directory of its own. It runs nothing that an
# answer says: of the answers it reads a number and the characters of a ticket.
set -u
umask 077
ulimit -f 64 # blocks of 512 bytes: no file grows beyond 32 KB, whatever is sent here

# Not %{json}: a connection would take 1 to 2 KB, and a report of up to 60 must fit into 32 KB.
FIGURES='"lookup": %{time_namelookup}, "connect": %{time_connect}, "tls": %{time_appconnect}, "address": "%{remote_ip}"'
MOST_REPORTS=288 # a day of them: the app takes no older ones

uuid() {
    read -r uuid </proc/sys/kernel/random/uuid
    random=$((0x${uuid%%-*}))
}

begin_report() {
    id=$(sed 's/-//g' /proc/sys/kernel/random/uuid) ticket='' rows=''
}

# measure FILE TARGET ARGUMENT...: one new connection. 20 seconds let a lost SYN be sent again up to 7 times.
measure() {
    file=$1 target=$2 at=$(date +%s)
    shift 2
    figures=$(curl -q -s -4 --noproxy '*' --connect-timeout 20 -w "$FIGURES" "$@" </dev/null)
    exit=$?
    case $target,$exit,$figures in
    app,* | *:443,* | *'"connect": 0.000000'*) ;;
    *,28,*) exit=0 ;; # telnet waits for what the server says, but a connection is all that is asked for
    esac
    [ "$exit" = 0 ] || : >failed
    printf '{"target": "%s", "at": %s, "exit": %s, %s}' "$target" "$at" "$exit" \
        "${figures:-"\"lookup\": 0, \"connect\": 0, \"tls\": 0, \"address\": \"\""}" >"$file"
}

measure_all() {
    rm -f answer row.*
    measure row.app app --max-time 25 -o answer "$PROBE_URL/api/ip?nonce=$id" &
    for target in $PROBE_TARGETS; do
        case $target in
        *:443) measure "row.$target" "$target" --max-time 25 -I -o /dev/null "https://$target/" & ;;
        *) measure "row.$target" "$target" --max-time 21 -o /dev/null "telnet://$target" & ;;
        esac
    done
    wait
    for row in row.*; do
        rows=$rows${rows:+, }$(cat "$row")
    done
    [ -e answer ] || return 0
    found=$(sed -n 's/.*"ticket": *"\([A-Za-z0-9._-]*\)".*/\1/p;q' answer)
    if [ -n "$found" ] && [ ${#found} -le 500 ]; then ticket=$found; fi
}

write_report() {
    reported=$(date +%s)
    printf '{"schema": 1, "report_id": "%s", "node": "%s", "pod": "%s", "sent_at": %s, "ticket": "%s", "refused": "%s", "connections": [%s]}' \
        "$id" "$PROBE_NODE" "$PROBE_POD" "$reported" "$ticket" "$refused" "$rows" >"report.$reported.$id"
}

# The newest first, over one connection; what can't be delivered now waits for the next time.
deliver() {
    printf 'Authorization: Bearer %s\n' "$(cat "$PROBE_KEY_FILE")" >header # printf is the shell's: no command line has the key
    rm -f answer
    files='' kept=0 out=answer
    for file in report.*; do
        files="$file $files"
    done
    set -- -q --fail-early
    for file in $files; do
        kept=$((kept + 1))
        if [ $kept -gt $MOST_REPORTS ]; then
            rm -f "$file"
        elif [ $kept -le 20 ]; then
            [ $kept -eq 1 ] || set -- "$@" --next
            set -- "$@" -s -4 -f --noproxy '*' --connect-timeout 20 --max-time 25 -H @header \
                -H 'Content-Type: application/json' --data-binary "@$file" -o "$out" -w '%{http_code}\n' "$PROBE_URL/api/probe/reports"
            out=/dev/null
        fi
    done
    codes=$(curl "$@")
    for code in $codes; do
        case $code in
        200 | 400 | 413) rm -f "${files%% *}" && files=${files#* } ;; # taken, or never will be
        *) echo "snatbot-probe: $kept reports wait: the app answered $code (000: nothing)" ;;
        esac
    done
    [ -e answer ] || return 0
    case $(sed -n 's/.*"interval_seconds": *\([0-9]*\).*/\1/p;q' answer) in
    30) busy_until=$((reported + 900)) ;; # an incident or change is open, as far as is known
    *) busy_until=0 ;;
    esac
}

# A port is held for 240 seconds after a connection: one each 30 seconds takes 8 of them for each target, the app too.
# shellcheck disable=SC2086 # a word for each target
set -- app $PROBE_TARGETS
refused='' busy_until=0 reported=0
if [ $(($# * 8 * 100)) -gt $((PROBE_NODE_PORTS * 5)) ]; then
    refused=ports
    echo "snatbot-probe: $# targets take $(($# * 8)) ports, more than 5 % of the node's $PROBE_NODE_PORTS: nothing is measured"
fi
uuid
sleep $((random % 30))
begin_report
while :; do
    started=$(date +%s)
    rm -f failed
    [ -n "$refused" ] || measure_all
    echo "$started" >alive
    if [ -e failed ] || [ $((started - reported)) -ge 75 ]; then
        write_report
        deliver
        begin_report
    fi
    now=$(date +%s) interval=300
    [ "$now" -ge $busy_until ] || interval=30
    uuid
    pause=$((interval * 9 / 10 + random % (interval / 5) - (now - started)))
    sleep $((pause > 1 ? pause : 1))
done
