import { quote } from '../../shell-words.ts';
import { flags, type Place, stepOfWord } from './places.ts';

/** Completion for zsh, with a description beside each word. */
export function zshCompletion(all: readonly Place[]): string {
  const cases = all.map((place) => {
    const words = place.words.map(({ word, description }) => described(word, description));
    const options = place.options.flatMap((option) => flags(option).map((flag) => described(flag, option.description)));
    return `    '${place.commands}') found=(${[...words, ...options].join(' ')}) ;;`;
  });
  return `#compdef meshx
# zsh completion of meshx; load it with: source <(meshx completion zsh)
_meshx() {
  local place='' skip='' word i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    word=\${words[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
${stepOfWord(all)}
  done
  if [[ -n $skip ]]; then _files; return; fi
  case $place in
${cases.join('\n')}
  esac
  _describe meshx found || _files
}
compdef _meshx meshx
`;
}

/** `word:description`: a colon in the word would end it. */
function described(word: string, description: string): string {
  return quote(`${word.replaceAll(':', '\\:')}:${description}`);
}
