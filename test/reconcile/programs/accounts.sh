#!/bin/sh
# getent, useradd, userdel, groupadd and groupdel: the names are lines of $STATE/passwd and $STATE/group.
for word; do name=$word; done
case $0 in
  */getent) grep -q "^$name\$" "$STATE/$1" 2>/dev/null && echo "$name:x:900:" || exit 2 ;;
  */userdel) sed -i "/^$name\$/d" "$STATE/passwd" ;;
  */groupdel) sed -i "/^$name\$/d" "$STATE/group" ;;
  */groupadd) echo "$name" >>"$STATE/group" ;;
  */useradd)
    case " $* " in *' --user-group '*) echo "$name" >>"$STATE/group" ;; esac
    echo "$name" >>"$STATE/passwd"
    ;;
esac
