# shellcheck shell=sh disable=SC2034 # what scripts that source this use
# Functions for the lock, /run/meshx/operator: one `KEY VALUE` in each line. `anchor` is the process that serves the connection
# which took it (process id and start time: an id alone may be another process's by now), `-` when none was found. `renewed`
# counts seconds since the boot, so that a clock that is set meanwhile changes nothing. The folder itself is locked by flock
# while the file is read and written. MESHX_RUN is for tests. They need the prelude and audit.sh.

D=${MESHX_RUN-/run/meshx} L=$D/operator
lock_folder() { # fd 9 is the folder, locked; the previous holder may have removed it
  command -v flock >/dev/null || { echo 'flock is not installed' >&2; exit 184; }
  for _try in 1 2 3 4 5; do
    { test -d "$D" || (umask 022; mkdir -p -- "$D"); } && command exec 9<"$D" || return
    flock -w 20 9 || { echo "$D stays locked by another program" >&2; return 1; }
    ! test /proc/self/fd/9 -ef "$D" || return 0
  done
  echo "$D is removed again and again" >&2; return 1
}
unlock_a_moment() { flock -u 9; sleep 0.1 2>/dev/null || sleep 1; lock_folder; }
# Sets $l_run, $l_anchor and so on to what the lock says; all are empty when there is none.
read_lock() {
  l_run='' l_anchor='' l_lease='' l_renewed='' l_since=''
  test -f "$L" || return 0
  while IFS= read -r _entry; do
    case $_entry in
      'run '*) l_run=${l_run:-${_entry#run }} ;;
      'anchor '*) l_anchor=${l_anchor:-${_entry#anchor }} ;;
      'lease '*) l_lease=${l_lease:-${_entry#lease }} ;;
      'renewed '*) l_renewed=${l_renewed:-${_entry#renewed }} ;;
      'since '*) l_since=${l_since:-${_entry#since }} ;;
    esac
  done < "$L"
}
uptime() { read -r _up _ < /proc/uptime && _up=${_up%%.*}; } # sets $_up to seconds since the boot
# PID: sets $_parent and $_started (a start time in ticks), both empty for a process that is gone or a zombie. The name of a
# process in stat is not escaped, and may contain a line break.
look_at() {
  _stat='' _parent='' _started=''
  while IFS= read -r _entry || test -n "$_entry"; do _stat="$_stat $_entry"; done 2>/dev/null < "/proc/$1/stat"
  set -f
  # shellcheck disable=SC2086 # the fields behind the name
  set -- ${_stat##*) }
  set +f
  _parent=${2-}
  case ${1-} in '' | Z | X) ;; *) shift 19 2>/dev/null && _started=$1 ;; esac
}
comm_of() { _comm=; { IFS= read -r _comm < "/proc/$1/comm"; } 2>/dev/null; } # PID: sets $_comm
# By its real user id: the owner of /proc/PID is root for a process that has changed its user, as sshd has.
user_of() {
  while read -r _key _uid _; do test "$_key" != Uid: || { id -nu -- "$_uid"; return; }; done 2>/dev/null < "/proc/$1/status"
}
# Who is there: $A the process that ends with the connection, $F the address it comes from, $W the user who logged in. The
# nearest sshd is the one of this connection, never the one that listens. On this machine itself: who started the shells.
look_who() {
  A='- -' F='' W='' _other='' _pid=$$
  while test "${_pid:-0}" -gt 1; do
    comm_of "$_pid"
    look_at "$_pid"
    case $_comm in
      sshd | sshd-session | dropbear) A="$_pid $_started" W=$(user_of "$_pid"); break ;;
      *sh | sudo | su | env) ;;
      *) _other=${_other:-$_pid $_started} ;;
    esac
    if test -z "$_other"; then
      W=$(user_of "$_pid")
      _from=$(tr '\0' '\n' < "/proc/$_pid/environ" 2>/dev/null | sed -n '/^SSH_CONNECTION=/{s/^SSH_CONNECTION=\([^ ]*\) .*/\1/p;q;}')
      F=${_from:-$F}
    fi
    _pid=$_parent
  done
  # An SSH server that is not known by name may end each process of its own after one command: then the lease alone counts.
  test "$A" != '- -' || test -n "$F" || test -z "$_other" || A=$_other
  case $F in *[!0-9A-Za-z.:%_-]*) F=$(printf %s "$F" | tr -cd '[:alnum:].:%_-') ;; esac
  case $W in *[!0-9A-Za-z.@_-]*) W=$(printf %s "$W" | tr -cd '[:alnum:].@_-') ;; esac
}
held() { # RUN, after read_lock: somebody else's, and alive: the process is there, and the lease was renewed
  test -n "$l_run$l_anchor$l_renewed" && test "$l_run" != "$1" || return 1
  uptime
  case $l_renewed:$l_lease in :* | *: | *[!0-9:]*) return 1 ;; esac
  test "$l_renewed" -le "$_up" && test "$((_up - l_renewed))" -le "$l_lease" || return 1
  case $l_anchor in '- -') return 0 ;; esac
  look_at "${l_anchor% *}"
  test "$_started" = "${l_anchor#* }"
}
# Scripts of meshx that still run although their connection is gone: their ancestors are shells, up to an init. One is known by its
# user, who is the one that asks, and by its words: a shell with a text, or the root program. Any user can choose a name.
orphans() {
  _here=$(readlink /proc/self/ns/pid) _user=$(id -u)
  # shellcheck disable=SC2013 # names in /proc, without blanks
  for _each in $(grep -l -z -x -e 'meshx-[a-z-]*' /proc/[0-9]*/cmdline 2>/dev/null); do
    _pid=${_each#/proc/} _pid=${_pid%/cmdline}
    test "$(readlink "/proc/$_pid/ns/pid" 2>/dev/null)" = "$_here" || continue
    grep -qsE "^Uid:([[:space:]]$_user){4}$" "/proc/$_pid/status" || continue
    # Each word on a line.
    _name=$(tr '\n\0' ' \n' 2>/dev/null < "$_each" | awk 'NR == 2 { at = $0 == "-c" ? 4 : $0 == "/usr/local/sbin/meshx-root" ? 5 : 0 } NR > 1 && NR == at { if (/^meshx-[a-z-]+$/) print; exit }')
    case $_name in '' | meshx-run-* | meshx-stop) continue ;; esac
    while test "${_pid:-0}" -gt 1; do
      comm_of "$_pid"
      case $_comm in *sh | sudo | su | env) ;; systemd) break ;; *) continue 2 ;; esac
      look_at "$_pid"
      _pid=$_parent
    done
    echo "$_name"
  done | sort -u
}
write_lock() { # RUN WHO COMMAND LEASE SINCE
  uptime
  ( umask 077
    printf '%s\n' 'format 1' "run $1" "anchor $A" "lease $4" "renewed $_up" "since $5" "from $F" "login $W" "who $2" "command $3" > "$L.new" &&
      mv -fT -- "$L.new" "$L" ) || { rm -f -- "$L.new"; return 1; }
}
# RUN MISSING: the lock is not this run's any more: another run holds it, or took it, recorded itself and released it.
# Without a later line a lock that is missing was removed by the work itself, with its folder; MISSING knows whether the lease
# still lasted.
is_lost() {
  audit_file
  if test -f "$L"; then read_lock; test "$l_run" != "$1"; return; fi
  test "$2" = lost || { test -s "$J" && ! tail -n 1 -- "$J" | grep -q -F -e "\"run\":\"$1\""; }
}
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
