# shellcheck shell=sh
# Functions for a script that gets its calls from stdin: `calls FUNCTION` runs `FUNCTION WORD…` for each line. FUNCTION decides which
# calls are allowed. Nothing runs unless all lines have arrived: the last one is `end`. Words are encoded by `callLine` of calls.ts.

decoded() { # WORD: $D is what it stands for
  D=${1#=}
  case $D in *\\*) D=$(printf '%b_' "$D") && D=${D%_} ;; esac
}
asked_for() { # sets $_lines to what stdin says
  _lines=$(cat)
  case $_lines in end | *"
end") _lines=${_lines%end} ;; *) echo 'what was asked for was cut off' >&2; return 1 ;; esac
}
calls() {
  asked_for || return
  _function=$1
  set -f
  IFS='
'
  # shellcheck disable=SC2086 # one word per line
  set -- $_lines
  unset IFS
  for _line; do
    # shellcheck disable=SC2086 # its words
    set -- $_line
    set +f
    call_decoded "$_function" "$@" </dev/null || return
    set -f
  done
  set +f
}
call_decoded() { # FUNCTION WORD…: the words change their places until each was decoded
  _function=$1 _left=$(($# - 1))
  shift
  while test "$_left" -gt 0; do
    decoded "$1"
    shift
    set -- "$@" "$D"
    _left=$((_left - 1))
  done
  "$_function" "$@"
}
