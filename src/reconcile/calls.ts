/**
 * One line for `calls`: words joined by blanks, each behind `=` so that none is empty, with the escapes of printf's %b.
 * The text of a script never depends on what it is asked to do: a machine can then know its texts by their digests.
 */
export function callLine(...words: readonly string[]): string {
  return words.map((word) => `=${word.replace(/[\\\n\t\r ]/g, escaped)}`).join(' ');
}

function escaped(character: string): string {
  return character === '\\' ? '\\\\' : `\\0${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

/** A whole text as one line that the printf of a shell writes by its %b, whatever bytes are in it. */
export function textLine(text: string): string {
  const bytes = Buffer.from(text).toString('latin1');
  return `=${bytes.replace(/[^ -[\]-~]/g, (byte) => (byte === '\n' ? '\\n' : escaped(byte)))}`;
}

/** The last line: nothing was cut off. */
const END = 'end';

/** What the script reads: the lines, and a last one that shows that nothing was cut off. */
export function callsText(lines: readonly string[]): string {
  return `${[...lines, END].join('\n')}\n`;
}

/**
 * Functions for a script that does what its stdin says: `calls FUNCTION` runs `FUNCTION WORD…` for each line. The function
 * decides what a line may ask for. Nothing is run when the lines are not all there.
 */
export const CALLS = `decoded() { # WORD: $D is what it stands for
  D=\${1#=}
  case $D in *\\\\*) D=$(printf '%b_' "$D") && D=\${D%_} ;; esac
}
asked_for() { # sets $_lines to what stdin says
  _lines=$(cat)
  case $_lines in ${END} | *"
${END}") _lines=\${_lines%${END}} ;; *) echo 'what was asked for was cut off' >&2; return 1 ;; esac
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
`;
