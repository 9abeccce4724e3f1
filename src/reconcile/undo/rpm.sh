# shellcheck shell=sh
# shellcheck disable=SC2154 # $S of the scripts that source this
# `with_rpm` runs rpm. What it says is in $S/said, and on stderr if it failed. Without a terminal, rpm does not wait for the lock that
# another one holds, as for an update.

with_rpm() {
  tries=0
  until rpm "$@" > "$S/said" 2>&1 </dev/null; do
    if grep -q "can't create transaction lock" "$S/said" && test "$tries" -lt 30; then tries=$((tries + 1)); sleep 2; continue; fi
    tail -n 40 "$S/said" >&2
    return 1
  done
}
