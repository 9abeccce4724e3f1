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

/** The last line: nothing was cut off. */
export const END = 'end';

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
calls() {
  _lines=$(cat)
  case $_lines in ${END} | *"
${END}") ;; *) echo 'what was asked for was cut off' >&2; return 1 ;; esac
  while IFS= read -r _line <&7; do
    test "$_line" != ${END} || return 0
    set -f
    set -- "$1" $_line
    set +f
    call_decoded "$@" 7<&- </dev/null || return
  done 7<<MESHX_LINES
$_lines
MESHX_LINES
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
