#!/bin/sh
# Units are folders below $STATE/units with the files active, enabled, since (seconds with a fraction), invocation, fragment,
# drop-ins and reload; broken, and refuses until it is reset.
verb=$1
shift
asked=" $* "
for word; do case $word in -*) ;; *) name=$word ;; esac; done
name=${name-}
unit=$STATE/units/$name
echo "$verb $name" >>"$STATE/systemctl.log"

# FILE [DEFAULT]: sets $value to the first line of a file of the unit.
of_unit() {
  value=${2-}
  test ! -e "$unit/$1" || read -r value <"$unit/$1" || :
}
wanted() { case $asked in *[\ ,]"$1"[\ ,]*) return 0 ;; *) return 1 ;; esac; }
say() { if wanted "$1"; then echo "$1=$2"; fi; }

show_one() {
  if test -d "$unit"; then say LoadState loaded; else say LoadState not-found; fi
  of_unit active inactive
  say ActiveState "$value"
  if test -e "$unit/refuses"; then say Result start-limit-hit; else say Result success; fi
  of_unit fragment
  say FragmentPath "$value"
  of_unit drop-ins
  say DropInPaths "$value"
  if test -e "$unit/reload"; then say NeedDaemonReload yes; else say NeedDaemonReload no; fi
  if test -e "$unit/enabled"; then say UnitFileState enabled; elif test -d "$unit"; then say UnitFileState disabled; else say UnitFileState ''; fi
  of_unit invocation
  say InvocationID "$value"
  of_unit since
  if test -n "$value" && wanted ActiveEnterTimestamp; then started; fi
}
started() {
  format='+%a %F %T.%6N UTC'
  if test -e "$STATE/old-systemd"; then value=${value%.*} format='+%a %F %T UTC'; fi
  echo "ActiveEnterTimestamp=$(TZ=UTC date -d "@$value" "$format")"
}
show() {
  case $asked in
    *' --timestamp='*) if test -e "$STATE/old-systemd"; then echo 'unrecognized option' >&2; exit 1; fi ;;
  esac
  # More than one unit only behind --, as scripts ask; a blank line is between them.
  names=$name between=
  case $asked in *' -- '*) names=${asked#* -- } ;; esac
  for name in $names; do
    unit=$STATE/units/$name
    $between
    between='echo'
    show_one
  done
}

start() {
  mkdir -p "$unit"
  if test -e "$unit/broken" || test -e "$unit/refuses"; then echo failed >"$unit/active"; exit 1; fi
  if test -x "$unit/on-start"; then
    "$unit/on-start" &
    trap 'kill "$!"; exit 1' TERM
    wait "$!"
  fi
  echo active >"$unit/active"
  date +%s.%6N >"$unit/since"
  read -r invocation </proc/sys/kernel/random/uuid
  echo "$invocation" >"$unit/invocation"
}

# Each is started, whatever becomes of the others.
start_all() {
  case $asked in *' -- '*' '*' ') ;; *) start; return ;; esac
  failed=0
  for name in ${asked#* -- }; do
    unit=$STATE/units/$name
    (start) || failed=1
  done
  return "$failed"
}

case $verb in
  show) show ;;
  is-active) of_unit active inactive; echo "$value"; test "$value" = active ;;
  is-enabled) test -d "$unit" || exit 1; if test -e "$unit/enabled"; then echo enabled; else echo disabled; exit 1; fi ;;
  enable | reenable) mkdir -p "$unit" && touch "$unit/enabled" ;;
  disable) rm -f "$unit/enabled" ;;
  daemon-reload) rm -f "$STATE"/units/*/reload "$STATE"/units/*/fragment ;;
  reset-failed) rm -f "$unit/refuses" ;;
  stop) echo inactive >"$unit/active" ;;
  start | restart) start_all ;;
  status) echo "status of $name" ;;
esac
