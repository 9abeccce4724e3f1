# shellcheck shell=sh disable=SC2154
# Functions for scripts that start units. They need unit-files.sh.

begin() { # VERB SECONDS UNIT…
  _verb=$1 _limit=$2
  shift 2
  timeout --foreground -- "$_limit" systemctl "$_verb" -- "$@"
}
# VERB SECONDS UNIT, $seen, and in $code how `begin` ended: whether the unit runs. Writes the reason to stderr if it does not.
runs() {
  up "$@" && return
  # systemd refused after too many starts.
  if test "$code" != 0 && test "$(systemctl show -p Result -- "$3")" = Result=start-limit-hit; then
    systemctl reset-failed -- "$3" 2>/dev/null
    begin "$@"
    code=$?
    up "$@" && return
  fi
  { systemctl status --no-pager --lines=0 -- "$3"; journalctl --no-pager -o cat -n 20 -u "$3"; } 2>&1 | tail -c 3000 >&2
  # Only the client ended: cancel a start that is still waiting, unless the unit is enabled.
  if test "$(systemctl is-active -- "$3")" = activating && ! systemctl is-enabled --quiet -- "$3" 2>/dev/null; then
    timeout 25 systemctl stop -- "$3"
  fi
  return 1
}
# The same words: a unit that runs got a note of its start. After a restart that failed, the former process may run.
up() {
  _state=$(systemctl show -p ActiveState -p InvocationID -- "$3" 2>/dev/null)
  _run=${_state#*InvocationID=} _run=${_run%%[!0-9a-f-]*}
  case $1-$code:$_state in
  start-*ActiveState=active* | start-*ActiveState=reloading* | start-*ActiveState=refreshing*) ;;
  *-0:*ActiveState=active* | *-0:*ActiveState=reloading* | *-0:*ActiveState=refreshing*) ;;
  *) return 1 ;;
  esac
  # The note is optional: without it modification times are compared.
  { { test -d "$notes" || mkdir -p -- "$notes"; } && printf '%s\n' "InvocationID=$_run" "$seen" > "$notes/$3.new" &&
    mv -f -- "$notes/$3.new" "$notes/$3"; } 2>/dev/null
  return 0
}
