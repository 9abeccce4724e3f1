import { quote } from '../../shell-words.ts';
import { fill, textFile } from '../../text-files.ts';
import type { CommandSpec } from '../command.ts';
import { flags, type OptionWord, type Place, places, valuedFlags } from './places.ts';

const BASH = textFile(new URL('./meshx.bash', import.meta.url));
const ZSH = textFile(new URL('./meshx.zsh', import.meta.url));
const FISH = textFile(new URL('./meshx.fish', import.meta.url));

const SHELLS: Readonly<Record<string, (all: readonly Place[]) => string>> = {
  bash: (all) => fill(BASH, { TABLE: table(all), VALUED: valuedFlags(all) }),
  zsh: (all) => fill(ZSH, { TABLE: table(all), VALUED: valuedFlags(all) }),
  fish: (all) =>
    fill(FISH, {
      VALUED: valuedFlags(all),
      PLACES: all.map(({ commands }) => commands).join(','),
      LINES: all.flatMap(fishLines).join(''),
    }),
};

/** The completion script of a shell, from the command table; undefined for a shell that meshx has none for. */
export function completionScript(shell: string, commands: readonly CommandSpec[]): string | undefined {
  return Object.hasOwn(SHELLS, shell) ? SHELLS[shell]?.(places(commands)) : undefined;
}

/** Lines of place, word and description, quoted. The first line is empty: a search finds `\nPLACE\t`. */
function table(all: readonly Place[]): string {
  const rows = all.flatMap((place) => [
    ...place.words.map(({ word, description }) => [place.commands, word, description]),
    ...place.options.flatMap((option) => flags(option).map((flag) => [place.commands, flag, option.description])),
  ]);
  return quote(`\n${rows.map((row) => row.join('\t')).join('\n')}`);
}

function fishLines(place: Place): readonly string[] {
  const at = `\ncomplete -c meshx -n ${fishQuote(`__meshx_at '${place.commands}'`)}`;
  return [
    ...place.words.map(({ word, description }) => `${at} -f -a ${word} -d ${fishQuote(description)}`),
    ...place.options.map((option) => `${at} ${fishOption(option)}`),
  ];
}

function fishOption({ long, short, valued, description }: OptionWord): string {
  const names = [...(short === undefined ? [] : [`-s ${short}`]), `-l ${long}`];
  return `${names.join(' ')}${valued ? ' -r' : ''} -d ${fishQuote(description)}`;
}

/** Inside single quotes fish reads backslash and quote only. */
function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
