# shellcheck shell=sh
# shellcheck disable=SC2154 # what the rest of the root program sets
# The end of the root program, behind root-program.sh, the prelude, every script as a function `script_DIGEST`, and $NAMES with a
# line `DIGEST:meshx-NAME` for each: `meshx-root TOKEN DIGEST meshx-NAME WORD…` announces itself on stderr and runs the script.
# Exits with 64 for words of another form, and with 187 when it has no script of that digest and name.

case "${1-} ${2-} ${3-}" in
meshx-*" "*" meshx-"*) ;;
*) echo 'usage: meshx-root TOKEN DIGEST meshx-NAME [WORD...]; meshx calls it by itself' >&2; exit 64 ;;
esac
case "${1#meshx-}$2" in *[!0-9a-f]*) echo 'meshx-root: TOKEN and DIGEST are hexadecimal' >&2; exit 64 ;; esac
is_named() { # DIGEST NAME: sudo's log has both, and must not lie about what ran
  case $2 in *[!a-z-]*) return 1 ;; esac
  case $_newline$NAMES$_newline in *"$_newline$1:$2$_newline"*) ;; *) return 1 ;; esac
}
GATE=$2
{ command -v "script_$GATE" >/dev/null && is_named "$GATE" "$3"; } || { echo "$1 unknown $3" >&2; exit 187; }
printf sh 2>/dev/null > "/proc/$$/comm"
printf '%s %s\n' "$1" "$$" >&2
shift 3
"script_$GATE" "$@"
