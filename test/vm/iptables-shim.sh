#!/bin/sh
# Replaces iptables, ss, systemctl and pilot-agent on the machines of test/vm/shim-vm.ts. State lies in files under its
# root: PROGRAM.nat holds a nat table as iptables-save prints it, `calls` each call on a line. A script calls it a
# hundred times: each call is one process, or two.
name=${0##*/}
# The scripts clear their environment: the root is where this file lies, and what a test sets comes from a file.
root=${0%/usr/local/bin/*}
# shellcheck disable=SC1091
test ! -e "$root/shim.env" || . "$root/shim.env"

fail() {
  echo "$1" >&2
  exit 1
}

save() {
  test ! -e "$root/$1.broken" || exit 1
  exec cat "$root/table.begin" "$root/$1.nat" "$root/table.end"
}

restore() {
  refusal=
  if test -e "$root/$1.broken"; then refusal='Table does not exist'; elif test -e "$root/$1.refuses"; then refusal='Device or resource busy'; fi
  # The kernel lists a table as long as it is loaded.
  case $1 in *-legacy) loaded=$root/proc/net/${1%tables-legacy}_tables_names ;; *) loaded=/dev/null ;; esac
  exec awk -f "$root/restore.awk" -v call="$name $2 " -v calls="$root/calls" -v refusal="$refusal" -v table="$root/$1.nat" -v loaded="$loaded" "$root/$1.nat" -
}

agent() {
  if test "$1" = proxy; then env -0 >"$root/environment"; echo "$*" >"$root/arguments"; exit; fi
  test "$1" != wait || exit 0
  test ! -e "$root/agent-fails" || fail 'iptables: command failed'
  test "$2" != --cleanup-only || exit 0
  env -u PATH -u PWD -u SHLVL -u _ >"$root/environment"
  table=$root/iptables-$FORCE_IPTABLES_BINARY.nat
  others=$(cat "$table")
  {
    printf ':%s - [0:0]\n' ISTIO_INBOUND ISTIO_IN_REDIRECT ISTIO_OUTPUT
    test -z "$others" || printf '%s\n' "$others"
    echo '-A PREROUTING -p tcp -j ISTIO_INBOUND'
    echo '-A OUTPUT -j ISTIO_OUTPUT'
    echo '-A ISTIO_INBOUND -p tcp -m tcp --dport 3306 -j ISTIO_IN_REDIRECT'
    echo '-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006'
    echo '-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN'
  } >"$table"
}

# The first look is of `start`; what is in connections.next is for the look after the next one.
sockets() {
  case "$*" in
    *connected*) test -z "${SHIM_SS_FAILS-}" || fail 'Cannot open netlink socket' ;;
    *' sport '*) exec cat "$root/administration" 2>/dev/null ;;
    *'dport = '*) exec cat "$root/control-plane" 2>/dev/null ;;
    -Kt*) test -e "$root/no-destroy" || rm -f "$root/control-plane"; exit 0 ;;
    *) exec cat "$root/listeners" ;;
  esac
  test -z "${SHIM_SS_SAYS-}" || printf '%s\n' "$SHIM_SS_SAYS" >&2
  if ! test -e "$root/connections.next"; then
    : >"$root/looked"
    exec cat "$root/connections"
  fi
  cat "$root/connections"
  if test -e "$root/looked"; then mv "$root/connections.next" "$root/connections"; fi
  : >"$root/looked"
}

# Units are folders below $root/units with the files active (its invocation) and enabled.
units() {
  verb=
  for word; do
    case $word in
      -* | Id | LoadState | ActiveState | UnitFileState | InvocationID | FragmentPath | DropInPaths | NeedDaemonReload | TimersMonotonic) continue ;;
      *) ;;
    esac
    if test -z "$verb"; then verb=$word; continue; fi
    unit=$root/units/$word
    case $verb in
      show)
        echo "Id=$word"
        if test -d "$unit"; then echo LoadState=loaded; else echo LoadState=not-found; fi
        if test -e "$unit/enabled"; then echo UnitFileState=enabled; elif test -d "$unit"; then echo UnitFileState=disabled; else echo UnitFileState=; fi
        if test -e "$unit/active"; then echo ActiveState=active; else echo ActiveState=inactive; fi
        invocation=
        test ! -e "$unit/active" || read -r invocation <"$unit/active"
        echo "InvocationID=$invocation"
        echo
        ;;
      cat) test -d "$unit" || exit 1 ;;
      is-active) if test -e "$unit/active"; then echo active; else echo inactive && exit 3; fi ;;
      is-enabled) test -e "$unit/enabled" || exit 1 ;;
      enable) test ! -e "$root/enable-fails" || fail 'No space left on device'; : >"$unit/enabled" ;;
      disable) test ! -e "$unit/enabled" || rm -f "$unit/enabled" ;;
      start | restart) test ! -e "$root/timer-fails" || exit 1; test -d "$unit" || mkdir -p "$unit"; echo "$word-$$" >"$unit/active" ;;
      stop) test ! -e "$unit/active" || rm -f "$unit/active" ;;
    esac
  done
}

# A restore says itself what it was called with: its input belongs to it.
case $name in *-restore) ;; *) echo "$name $*" >>"$root/calls" ;; esac
case $name in
  pilot-agent) agent "$@" ;;
  ss) sockets "$@" ;;
  systemctl) units "$@" ;;
  iptables) echo 'iptables v1.8.9 (nf_tables)' ;;
  id) case $1 in -*) echo 997 ;; *) echo 'uid=997(istio-proxy) gid=997(istio-proxy) groups=997(istio-proxy)' ;; esac ;;
  runuser) shift 3; exec "$@" ;;
  setpriv) while test "$1" != --; do shift; done; shift; exec "$@" ;;
  getent) echo '10.150.0.10 STREAM' ;;
  ip)
    file=$root/route
    test "$2" != addr || file=$root/addresses
    test ! -e "$file" || exec cat "$file"
    ;;
  # What a program waits for has happened here.
  sleep) case $1 in 1) exec /bin/sleep 0.2 ;; *) exec /bin/sleep 0.02 ;; esac ;;
  *-save) save "${name%-save}" ;;
  *-restore) restore "${name%-restore}" "$*" ;;
esac
