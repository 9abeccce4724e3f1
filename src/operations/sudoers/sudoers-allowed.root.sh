#!/bin/sh
# USER PROGRAM: what sudo lets the user do with the program. sudo -l knows users by their names only.

. ../../host/run/prelude.sh

user=$1
case $user in '#'*) user=$(getent passwd "${user#?}" | cut -d : -f 1) ;; esac
test -z "$user" || sudo -n -l -U "$user" -- "$2" 2>&1
