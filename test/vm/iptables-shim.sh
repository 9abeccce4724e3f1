#!/bin/sh
# Stands in for iptables, ss and pilot-agent in test/vm/capture.test.ts. State lies in files under its root: PROGRAM.nat
# holds a nat table as iptables-save prints it, `calls` each call on a line.
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
  printf '*nat\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n'
  cat "$root/$1.nat"
  echo COMMIT
}

# --noflush: a chain that is declared is emptied, -I goes in front, -D and -X need what they name.
restore() {
  test ! -e "$root/$1.broken" || fail 'Table does not exist'
  test ! -e "$root/$1.refuses" || fail 'Device or resource busy'
  awk '
    function without(start, i, left) {
      for (i = 1; i <= n; i++) if (index(line[i], start) != 1) line[++left] = line[i]
      n = left + 0
    }
    function insert(at, text, i) {
      for (i = n; i >= at; i--) line[i + 1] = line[i]
      line[at] = text
      n++
    }
    FILENAME == ARGV[1] { line[++n] = $0; next }
    /^:/ { chain = substr($1, 2); without("-A " chain " "); without($1 " "); insert(1, $0) }
    $1 == "-A" { line[++n] = $0 }
    $1 == "-I" {
      for (at = 1; at <= n && line[at] !~ /^-A/; at++);
      text = "-A " $2
      for (i = 4; i <= NF; i++) text = text " " $i
      insert(at, text)
    }
    $1 == "-D" { before = n; rule = $0; sub(/^-D/, "-A", rule); without(rule); if (n == before) exit 1 }
    $1 == "-F" { without("-A " $2 " ") }
    $1 == "-X" { before = n; without(":" $2 " "); if (n == before) exit 1 }
    END { for (i = 1; i <= n; i++) print line[i] }' "$root/$1.nat" "$input" >"$root/new.$$" || fail 'Bad rule'
  mv "$root/new.$$" "$root/$1.nat"
  # The kernel lists a table as long as it is loaded.
  case $1 in *-legacy) echo nat >"$root/proc/net/${1%tables-legacy}_tables_names" ;; esac
}

agent() {
  if test "$1" = proxy; then env -0 >"$root/environment"; echo "$*" >"$root/arguments"; exit; fi
  test "$1" != wait || exit 0
  test ! -e "$root/agent-fails" || fail 'iptables: command failed'
  test "$2" != --cleanup-only || exit 0
  env | grep -vE '^(PATH|PWD|SHLVL|_)=' >"$root/environment"
  table=$root/iptables-$FORCE_IPTABLES_BINARY.nat
  {
    printf ':%s - [0:0]\n' ISTIO_INBOUND ISTIO_IN_REDIRECT ISTIO_OUTPUT
    cat "$table"
    echo '-A PREROUTING -p tcp -j ISTIO_INBOUND'
    echo '-A OUTPUT -j ISTIO_OUTPUT'
    echo '-A ISTIO_INBOUND -p tcp -m tcp --dport 3306 -j ISTIO_IN_REDIRECT'
    echo '-A ISTIO_IN_REDIRECT -p tcp -j REDIRECT --to-ports 15006'
    echo '-A ISTIO_OUTPUT -s 127.0.0.6/32 -o lo -j RETURN'
  } >"$root/new"
  mv "$root/new" "$table"
}

# The first look is of `start`; what stands in connections.next is for the look after the next one.
sockets() {
  case "$*" in *connected*) test -z "${SHIM_SS_FAILS-}" || fail 'Cannot open netlink socket' ;; *' sport '*) cat "$root/administration" 2>/dev/null; return ;; *) cat "$root/listeners" && return ;; esac
  test -z "${SHIM_SS_SAYS-}" || printf '%s\n' "$SHIM_SS_SAYS" >&2
  cat "$root/connections"
  echo
  if test -e "$root/looked" && test -e "$root/connections.next"; then mv "$root/connections.next" "$root/connections"; fi
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
        echo "InvocationID=$(cat "$unit/active" 2>/dev/null)"
        echo
        ;;
      cat) test -d "$unit" || exit 1 ;;
      is-active) if test -e "$unit/active"; then echo active; else echo inactive && exit 3; fi ;;
      is-enabled) test -e "$unit/enabled" || exit 1 ;;
      enable) test ! -e "$root/enable-fails" || fail 'No space left on device'; : >"$unit/enabled" ;;
      disable) rm -f "$unit/enabled" ;;
      start | restart) test ! -e "$root/timer-fails" || exit 1; mkdir -p "$unit"; echo "$word-$$" >"$unit/active" ;;
      stop) rm -f "$unit/active" ;;
    esac
  done
}

# Programs of a pipeline run at the same time, so each has files of its own.
input=$root/input.$$
case $name in
  *-restore) cat >"$input" && echo "$name $* $(tr '\n' ';' <"$input")" >>"$root/calls" ;;
  *) echo "$name $*" >>"$root/calls" ;;
esac
case $name in
  pilot-agent) agent "$@" ;;
  ss) sockets "$@" ;;
  systemctl) units "$@" ;;
  iptables) echo 'iptables v1.8.9 (nf_tables)' ;;
  id) case $1 in -*) echo 997 ;; *) echo 'uid=997(istio-proxy) gid=997(istio-proxy) groups=997(istio-proxy)' ;; esac ;;
  runuser) shift 3; exec "$@" ;;
  getent) echo '10.150.0.10 STREAM' ;;
  ip) cat "$root/route" 2>/dev/null ;;
  *-save) save "${name%-save}" ;;
  *-restore) restore "${name%-restore}" ;;
esac
