#!/bin/sh
# asked|package|written UNIT…: lets systemd read its unit files again. That takes a fifth of a second and more. A unit that systemd
# has not in memory it reads when it is asked for it, its drop-ins too; so it is asked first, in one question. Only a plain yes
# counts: each unit is loaded, from /etc where it is there, with each drop-in that is there, and needs no reload; what an old
# systemd does not find is a no, and so is a template. A package sets the times of its files, and systemd goes by these: after
# one, what was loaded from elsewhere than /etc is read again. `asked`: systemd itself has said that it needs to.

. ../../host/run/prelude.sh

why=$1; shift
newline='
'
known() {
  said=$newline$(systemctl show -p Id -p LoadState -p FragmentPath -p DropInPaths -p NeedDaemonReload -- "$@" 2>/dev/null)$newline
  for unit; do
    case $said in *"${newline}Id=$unit$newline"*) ;; *) return 1 ;; esac
    # Of a folder that is new systemd 252 does not say that it needs to read it.
    for part in "/etc/systemd/system/$unit.d"/*.conf "/run/systemd/system/$unit.d"/*.conf; do
      test ! -e "$part" || case $said in *"=$part"[[:space:]]* | *" $part"[[:space:]]*) ;; *) return 1 ;; esac
    done
    test "$why" = package || test -e "/etc/systemd/system/$unit" || continue
    case $said in *"${newline}FragmentPath=/etc/systemd/system/$unit$newline"*) ;; *) return 1 ;; esac
  done
  case $said in *"${newline}LoadState="[!l]* | *"${newline}NeedDaemonReload="[!n]*) return 1 ;; esac
}
if test "$why" != asked && known "$@"; then exit 0; fi
systemctl daemon-reload
