# shellcheck shell=sh
# shellcheck disable=SC2154 # set by the rest of the root program
# The end of the root program, after root-program.sh, the prelude, every script as a function `script_DIGEST`, and $NAMES with a line
# `DIGEST:meshx-NAME` for each: `meshx-root TOKEN DIGEST meshx-NAME ARG…` announces itself on stderr and runs the script.
# Exits with 64 for malformed arguments, and with 187 without a script of that digest and name.

case "${1-} ${2-} ${3-}" in
meshx-*" "*" meshx-"*) ;;
*) echo 'usage: meshx-root TOKEN DIGEST meshx-NAME [ARG...]; only meshx calls it' >&2; exit 64 ;;
esac
case "${1#meshx-}$2" in *[!0-9a-f]*) echo 'meshx-root: TOKEN and DIGEST are hexadecimal' >&2; exit 64 ;; esac
is_named() { # DIGEST NAME: sudo's log shows the name, so it must be the name of what runs
  case $2 in *[!a-z-]*) return 1 ;; esac
  case $_newline$NAMES$_newline in *"$_newline$1:$2$_newline"*) ;; *) return 1 ;; esac
}
GATE=$2
{ command -v "script_$GATE" >/dev/null && is_named "$GATE" "$3"; } || { echo "$1 unknown $3" >&2; exit 187; }
printf sh 2>/dev/null > "/proc/$$/comm"
printf '%s %s\n' "$1" "$$" >&2
shift 3
"script_$GATE" "$@"
