#!/bin/sh
# PROGRAM: prints `any` when sudo would run any shell, `program` when it would run the root program as it is there, then the number
# of the user. sudo is asked only about its rules, and only where there is a root program.

if test -x "$1" && test "$(id -u)" != 0; then
  ! sudo -n -l -- sh >/dev/null 2>&1 </dev/null || echo any
  ! sudo -n -l -- "$1" >/dev/null 2>&1 </dev/null || echo program
fi
id -u
