#!/bin/sh
case $0 in
  */journalctl) echo 'last words of the unit' ;;
  */dpkg-query)
    for word; do name=$word; done
    # Debian's dpkg is a package itself; that of a machine with rpm knows none.
    if test "$name" = dpkg; then test ! -e "$STATE/rpm-packages"; exit; fi
    test -e "$STATE/dpkg/$name.version" || exit 1
    case " $* " in *' -L '*) sed "s!^!$TARGET/!" "$STATE/dpkg/$name.list" ;; *) echo "installed $(cat "$STATE/dpkg/$name.version")" ;; esac
    ;;
  */restorecon) readlink "/proc/$$/fd/0" >>"$STATE/restorecon.log" ;;
esac
