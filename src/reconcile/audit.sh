# shellcheck shell=sh
# Functions for the audit: the record of all runs that changed a machine, one JSON line each, readable by root only.
# `audit_append MEMBERS` writes one line: the machine's clock, the operator's members (JSON without braces), the login as the machine
# saw it ($F address, $W user), and the sha256 of the previous line with its line end. `audit_unfinished` prints the last line if it
# is the beginning of a run. Both need the lock (lock.sh).
# An incomplete last line is from a power cut, before its run continued, so it is removed.

audit_file() { J=${MESHX_AUDIT-/var/lib/meshx/audit}; }
audit_unfinished() {
  audit_file
  test ! -s "$J" || tail -n 1 -- "$J" | sed -n '/"event":"began"/s/^/unfinished /p'
}
audit_append() {
  audit_file
  test -d "${J%/*}" || (umask 022; mkdir -p -- "${J%/*}") || return
  test -f "$J" || (umask 077; true >> "$J") || return
  test ! -s "$J" || test -z "$(tail -c 1 -- "$J")" || truncate -s "-$(tail -n 1 -- "$J" | wc -c)" -- "$J" || return
  _previous=0000000000000000000000000000000000000000000000000000000000000000 _size=$(stat -c %s -- "$J") || return
  test "$_size" = 0 || _previous=$(tail -n 1 -- "$J" | sha256sum | cut -c 1-64)
  { printf '{"time":"%s",%s,"from":"%s","login":"%s","previous":"%s"}\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$1" "$F" "$W" "$_previous" >> "$J" &&
    sync -- "$J"; } || { truncate -s "$_size" -- "$J"; return 1; }
}
