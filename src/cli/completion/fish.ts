import type { OptionWord, Place, Word } from './places.ts';
import { known, valuedFlags } from './places.ts';

/** Completion for fish 3.0 and later, with a description beside each word. */
export function fishCompletion(all: readonly Place[]): string {
  const lines = all.flatMap((place) => {
    const at = `complete -c meshx -n ${fishQuote(`__meshx_at '${place.commands}'`)}`;
    return [
      ...place.words.map((word) => `${at} ${wordWords(word)}`),
      ...place.options.map((option) => `${at} ${optionWords(option)}`),
    ];
  });
  return `# fish completion of meshx; load it with: meshx completion fish | source
function __meshx_at
  set -l place ''
  set -l skip ''
  for word in (commandline -opc)[2..-1]
    if test -n "$skip"
      set skip ''
      continue
    end
    switch $word
      case ${valuedFlags(all).join(' ')}
        set skip 1
      case '-*'
      case '*'
        switch "$place $word"
          case ${known(all).map(fishQuote).join(' ')}
            set place (string trim -- "$place $word")
        end
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function wordWords({ word, description }: Word): string {
  return `-f -a ${word} -d ${fishQuote(description)}`;
}

function optionWords({ long, short, valued, description }: OptionWord): string {
  const names = [...(short === undefined ? [] : [`-s ${short}`]), `-l ${long}`];
  return `${names.join(' ')}${valued ? ' -r' : ''} -d ${fishQuote(description)}`;
}

/** Inside single quotes fish reads backslash and quote only. */
function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
