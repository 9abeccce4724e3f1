#!/bin/sh
case $0 in
  */journalctl) echo 'last words of the unit' ;;
  */dpkg-query)
    for word; do name=$word; done
    test -e "$STATE/dpkg/$name.version" || exit 1
    case " $* " in *' -L '*) sed "s!^!$TARGET/!" "$STATE/dpkg/$name.list" ;; *) echo "installed $(cat "$STATE/dpkg/$name.version")" ;; esac
    ;;
  */restorecon) readlink "/proc/$$/fd/0" >>"$STATE/restorecon.log" ;;
esac
