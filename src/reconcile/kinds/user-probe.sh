# shellcheck shell=sh
# shellcheck disable=SC2154,SC2034 # what the prelude, probe-answers.sh and each other set
# NAME SYSUSERS WORD…: prints `user` and `group` for what exists; in an image `image`, then `user` or `sysusers`. The words are the
# line in SYSUSERS, split at blanks.
# getent includes directory services (LDAP, sssd): such a user must not be created again.

probe_user() {
enough 2 $# || return
if live; then
  if getent passwd -- "$1" >/dev/null; then say user; fi
  if getent group -- "$1" >/dev/null; then say group; fi
  return
fi
say image
place /etc/passwd all && if grep -q "^$1:" "$P" 2>/dev/null; then say user; fi
place "$2" all && shift 2 && if test "$(cat -- "$P" 2>/dev/null)" = "$*"; then say sysusers; fi
}
