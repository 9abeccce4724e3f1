import { quote } from '../../shell-words.ts';
import { fill, textFile } from '../../text-files.ts';
import type { CommandSpec } from '../command.ts';
import { flags, type OptionWord, type Place, places, valuedFlags } from './places.ts';
import type { Values } from './values.ts';

const BASH = textFile(new URL('./meshx.bash', import.meta.url));
const ZSH = textFile(new URL('./meshx.zsh', import.meta.url));
const POWERSHELL = textFile(new URL('./meshx.ps1', import.meta.url));
const FISH = textFile(new URL('./meshx.fish', import.meta.url));

const SHELLS: Readonly<Record<string, (all: readonly Place[]) => string>> = {
  bash: (all) => fill(BASH, { TABLE: quote(table(all)), VALUES: quote(values(all)), VALUED: valuedFlags(all) }),
  zsh: (all) => fill(ZSH, { TABLE: quote(table(all)), VALUES: quote(values(all)), VALUED: valuedFlags(all) }),
  powershell: (all) =>
    fill(POWERSHELL, {
      TABLE: powershellQuote(table(all)),
      VALUES: powershellQuote(values(all)),
      VALUED: valuedFlags(all),
    }),
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

/** Lines of place, word and description. The first line is empty: a search finds `\nPLACE\t`. */
function table(all: readonly Place[]): string {
  const rows = all.flatMap((place) => [
    ...place.words.map(({ word, description }) => [place.commands, word, description]),
    ...place.options.flatMap((option) => flags(option).map((flag) => [place.commands, flag, option.description])),
  ]);
  return `\n${rows.map((row) => row.join('\t')).join('\n')}`;
}

/** Lines of place, option or `@1` for the first argument, and its values. */
function values(all: readonly Place[]): string {
  const rows = all.flatMap((place) => [
    ...place.options.flatMap((option) =>
      option.values === undefined
        ? []
        : flags(option).map((flag) => [place.commands, flag, shownValues(option.values)]),
    ),
    ...(place.args ?? []).flatMap((each, at) =>
      each === undefined ? [] : [[place.commands, `@${at + 1}`, shownValues(each)]],
    ),
  ]);
  return `\n${rows.map((row) => row.join('\t')).join('\n')}\n`;
}

function shownValues(given: Values | undefined): string {
  if (given === undefined) return '';
  return 'names' in given ? `@${given.names}` : given.join(' ');
}

/** Inside single quotes PowerShell reads doubled quotes only. */
function powershellQuote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function fishLines(place: Place): readonly string[] {
  const at = `\ncomplete -c meshx -n ${fishQuote(`__meshx_at '${place.commands}'`)}`;
  return [
    ...place.words.map(({ word, description }) => `${at} -f -a ${word} -d ${fishQuote(description)}`),
    ...place.options.map((option) => `${at} ${fishOption(option)}`),
    ...(place.args ?? []).flatMap((each) => (each === undefined ? [] : [`${at} -f -a ${fishValues(each)}`])),
  ];
}

/** Words, or a command that prints them. */
function fishValues(given: Values): string {
  return fishQuote('names' in given ? `(meshx completion --values ${given.names} 2>/dev/null)` : given.join(' '));
}

function fishOption({ long, short, valued, description, values: given }: OptionWord): string {
  const names = [...(short === undefined ? [] : [`-s ${short}`]), `-l ${long}`];
  const offered = given === undefined ? '' : ` -f -a ${fishValues(given)}`;
  return `${names.join(' ')}${valued ? ' -r' : ''}${offered} -d ${fishQuote(description)}`;
}

/** Inside single quotes fish reads backslash and quote only. */
function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
