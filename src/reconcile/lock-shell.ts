import { AUDIT_FUNCTIONS } from './audit-shell.ts';
import { BUSY, HELD, PROGRAM_MISSING } from './exit-codes.ts';

/**
 * Shell for the lock, /run/meshx/operator: one `KEY VALUE` in each line. `anchor` is the process that serves the connection
 * which took it (process id and start time: an id alone may be somebody else's by now), `-` when none was found. `renewed`
 * counts seconds since the boot, so that a clock that is set meanwhile changes nothing. The folder itself is locked by flock
 * while the file is looked at and written. MESHX_RUN is for tests.
 */
const LOCK_FUNCTIONS = `D=\${MESHX_RUN-/run/meshx} L=$D/operator
lock_folder() { # fd 9 is the folder, locked; whoever held it before may have removed it
  command -v flock >/dev/null || { echo 'flock is not installed' >&2; exit ${PROGRAM_MISSING}; }
  for _try in 1 2 3 4 5; do
    (umask 022; mkdir -p -- "$D") && exec 9<"$D" || return
    flock -w 20 9 || { echo "$D stays locked by another program" >&2; return 1; }
    test "$(stat -L -c %i /proc/self/fd/9)" != "$(stat -c %i -- "$D" 2>/dev/null)" || return 0
  done
  echo "$D is removed again and again" >&2; return 1
}
unlock_a_moment() { flock -u 9; sleep 0.1 2>/dev/null || sleep 1; lock_folder; }
field() { sed -n "s/^$1 //p" "$L" 2>/dev/null | head -n 1; }
uptime() { cut -d . -f 1 /proc/uptime; }
# The name of a process stands in its stat as it is, and may hold a line break.
stat_of() { { tr '\\n' ' ' < "/proc/$1/stat"; } 2>/dev/null; }
parent() { stat_of "$1" | sed 's/.*) //' | cut -d ' ' -f 2; }
started() { stat_of "$1" | sed -n 's/.*) \\([^ZX]\\) /\\1 /p' | cut -d ' ' -f 20; }
# By its real user id: the owner of /proc/PID is root for a process that has changed its user, as sshd has.
user_of() { id -nu -- "$(sed -n 's/^Uid:[^0-9]*\\([0-9]*\\).*/\\1/p' "/proc/$1/status" 2>/dev/null)" 2>/dev/null; }
# Who is there: $A the process that ends with the connection, $F the address it comes from, $W the user who logged in. The
# nearest sshd is the one of this connection, never the one that listens. On this machine itself: who started the shells.
look_who() {
  A='- -' F= W= _other= _pid=$$
  while test "\${_pid:-0}" -gt 1; do
    _comm=$(cat "/proc/$_pid/comm" 2>/dev/null)
    case $_comm in
      sshd | sshd-session | dropbear) A="$_pid $(started "$_pid")" W=$(user_of "$_pid"); break ;;
      *sh | sudo | su | env) ;;
      *) _other=\${_other:-$_pid} ;;
    esac
    if test -z "$_other"; then
      W=$(user_of "$_pid")
      _from=$(tr '\\0' '\\n' < "/proc/$_pid/environ" 2>/dev/null | sed -n 's/^SSH_CONNECTION=\\([^ ]*\\) .*/\\1/p' | head -n 1)
      F=\${_from:-$F}
    fi
    _pid=$(parent "$_pid")
  done
  # An SSH server that is not known by name may end each process of its own after one command: then the lease alone counts.
  test "$A" != '- -' || test -n "$F" || test -z "$_other" || A="$_other $(started "$_other")"
  F=$(printf %s "$F" | tr -cd '[:alnum:].:%_-') W=$(printf %s "$W" | tr -cd '[:alnum:].@_-')
}
held() { # somebody else's, and alive: the process is there, and the lease was renewed
  test -f "$L" && test "$(field run)" != "$1" || return 1
  _now=$(uptime) _renewed=$(field renewed) _lease=$(field lease) _anchor=$(field anchor)
  case $_renewed:$_lease in :* | *: | *[!0-9:]*) return 1 ;; esac
  test "$_renewed" -le "$_now" && test "$((_now - _renewed))" -le "$_lease" || return 1
  case $_anchor in '- -') return 0 ;; esac
  test "$(started "\${_anchor% *}")" = "\${_anchor#* }"
}
# Scripts of meshx that still run although their connection is gone: only shells stand above them, up to an init.
orphans() {
  _here=$(readlink /proc/self/ns/pid)
  for _each in $(grep -l -z -x -e 'meshx-[a-z-]*' /proc/[0-9]*/cmdline 2>/dev/null); do
    _pid=\${_each#/proc/} _pid=\${_pid%/cmdline}
    test "$(readlink "/proc/$_pid/ns/pid" 2>/dev/null)" = "$_here" || continue
    _name=$(grep -z -x -m 1 -e 'meshx-[a-z-]*' "$_each" 2>/dev/null | tr -d '\\0')
    case $_name in '' | meshx-run-* | meshx-stop) continue ;; esac
    while test "\${_pid:-0}" -gt 1; do
      case $(cat "/proc/$_pid/comm" 2>/dev/null) in *sh | sudo | su | env) ;; systemd) break ;; *) continue 2 ;; esac
      _pid=$(parent "$_pid")
    done
    echo "$_name"
  done | sort -u
}
write_lock() { # RUN WHO COMMAND LEASE SINCE
  ( umask 077
    printf '%s\\n' "run $1" "anchor $A" "lease $4" "renewed $(uptime)" "since $5" "from $F" "login $W" "who $2" "command $3" > "$L.new" &&
      mv -fT -- "$L.new" "$L" ) || { rm -f -- "$L.new"; return 1; }
}
# RUN MISSING: the lock is not this run's any more: somebody holds it, or took it, noted a run of theirs and gave it back.
# Without a later line a lock that is missing was removed by the work itself, with its folder; MISSING knows whether the lease
# still lasted.
is_lost() {
  audit_file
  if test -f "$L"; then test "$(field run)" != "$1"; return; fi
  test "$2" = lost || { test -s "$J" && ! tail -n 1 -- "$J" | grep -q -F -e "\\"run\\":\\"$1\\""; }
}
now() { date -u +%Y-%m-%dT%H:%M:%SZ; }
`;

/**
 * RUN WHO COMMAND LEASE PATIENCE MEMBERS: takes the lock and notes the beginning. PATIENCE: tenths of a second for a holder
 * that may be about to die. Prints `taken`, when a run was noted last and the time now (both in seconds since 1970, `-` for
 * never), `moved` when another run held the lock until a moment ago, and the beginning of a run that never ended.
 */
export const BEGIN = `${LOCK_FUNCTIONS}${AUDIT_FUNCTIONS}live || exit 0
lock_folder || exit
tries=0
while :; do
  if held "$1"; then
    test "$tries" -lt "$5" || { cat -- "$L"; exit ${HELD}; }
  elif test -f "$L" && busy=$(orphans) && test -n "$busy"; then
    test "$tries" -lt 200 || { echo "$busy"; exit ${BUSY}; }
  else break
  fi
  tries=$((tries + 1))
  unlock_a_moment || exit
done
audit_file
echo "taken $(stat -c %.9Y -- "$J" 2>/dev/null || echo -) $(date +%s.%N)"
if test -f "$L" || test "$tries" -gt 0; then echo moved; fi
look_who
audit_unfinished
write_lock "$1" "$2" "$3" "$4" "$(now)" || exit
test -z "$6" || audit_append "$6" || { rm -f -- "$L"; exit 1; }`;

/** RUN WHO COMMAND LEASE MISSING: renews the lease. MISSING: whether the lease still lasted, `again` or `lost`. */
export const RENEW = `${LOCK_FUNCTIONS}${AUDIT_FUNCTIONS}lock_folder || exit
! is_lost "$1" "$5" || { cat -- "$L" 2>/dev/null; exit ${HELD}; }
since=$(field since)
since=\${since:-$(now)}
look_who
write_lock "$1" "$2" "$3" "$4" "$since"`;

/**
 * RUN MISSING MEMBERS LOST-MEMBERS: notes the end, where the beginning still stands in the audit, and gives the lock back. When
 * the lock is not this run's any more, it notes the second and says who has it.
 */
export const END = `${LOCK_FUNCTIONS}${AUDIT_FUNCTIONS}live || exit 0
lock_folder || exit
status=0 members=$3
if is_lost "$1" "$2"; then
  cat -- "$L" 2>/dev/null
  status=${HELD} members=$4
else rm -f -- "$L" || status=1
fi
rmdir -- "$D" 2>/dev/null
if test -n "$members" && grep -q -s -F -e "\\"run\\":\\"$1\\"" -- "$J"; then look_who; audit_append "$members" || status=1; fi
exit "$status"`;
