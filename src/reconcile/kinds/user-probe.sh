# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME SYSUSERS WORD…: `user` and `group` for what exists; in an image `image`, then `user` or `sysusers`. The words are those of
# the line in SYSUSERS, as they are; a blank in a word would cost a process to bring over.
# getent asks the directory services too (LDAP, sssd): such a user must not be made a second time.

probe_user() {
if live; then
  if getent passwd -- "$1" >/dev/null; then say user; fi
  if getent group -- "$1" >/dev/null; then say group; fi
  return
fi
say image
place /etc/passwd all && if grep -q "^$1:" "$P" 2>/dev/null; then say user; fi
place "$2" all && shift 2 && if test "$(cat -- "$P" 2>/dev/null)" = "$*"; then say sysusers; fi
}
