import { flags, type Place, stepOfWord } from './places.ts';

/** Completion for bash 4 and later. */
export function bashCompletion(all: readonly Place[]): string {
  const cases = all.map((place) => {
    const words = [...place.words.map(({ word }) => word), ...place.options.flatMap(flags)];
    return `    '${place.commands}') words='${words.join(' ')}' ;;`;
  });
  return `# bash completion of meshx; load it with: source <(meshx completion bash)
_meshx() {
  local place='' skip='' words='' word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [[ -n $skip ]]; then skip=''; continue; fi
${stepOfWord(all)}
  done
  COMPREPLY=()
  # The value of an option: bash's own completion, which knows files.
  if [[ -n $skip ]]; then return; fi
  case $place in
${cases.join('\n')}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
}
complete -o default -F _meshx meshx
`;
}
