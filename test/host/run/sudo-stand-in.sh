#!/bin/sh
# What sudo does as far as meshx meets it, as `mode` beside it says. The real one is met in the e2e run.
folder=$(dirname "$0")
read -r mode <"$folder/mode"
printf '%s\n' "$1" >>"$folder/calls"
case "$1 $mode" in
  '-n silent' | '-n root') shift 2; exec "$@" ;;
  '-n '*) echo 'sudo: a password is required' >&2; exit 1 ;;
esac
prompt=$3
shift 4
case $mode in
  cached) exec "$@" ;;
  stranger)
    printf '%s' "$prompt" >&2
    read -r _
    echo 'me is not in the sudoers file.' >&2
    exit 1
    ;;
  tty) echo 'sudo: sorry, you must have a tty to run sudo' >&2; exit 1 ;;
esac
echo 'We trust you have received the usual lecture.' >&2
for _ in 1 2 3; do
  printf '%s' "$prompt" >&2
  IFS= read -r answer
  [ "$answer" = 'pass w0rd' ] && exec "$@"
  echo 'Sorry, try again.' >&2
done
echo 'sudo: 3 incorrect password attempts' >&2
exit 1
