// man pages from the command table: meshx(1), and a page for each command.
import type { CommandSpec } from '../../src/cli/command.ts';
import { COMMON, type OptionLine } from '../../src/cli/options.ts';

interface Edition {
  readonly version: string;
  readonly description: string;
  /** `2026-01-31` */
  readonly date: string;
}

/** The pages by their file names. */
export function manPages(commands: readonly CommandSpec[], edition: Edition): Readonly<Record<string, string>> {
  const pages = commands.map((spec) => [`${pageOf(spec)}.1`, commandPage(spec, edition)]);
  return Object.fromEntries([['meshx.1', mainPage(commands, edition)], ...pages]) as Record<string, string>;
}

const pageOf = ({ name }: CommandSpec): string => `meshx-${name.replaceAll(' ', '-')}`;

function mainPage(commands: readonly CommandSpec[], edition: Edition): string {
  return page('meshx', edition, edition.description, [
    ['SYNOPSIS', ['.B meshx', '.I command', '.RI [ options ]', '.br', '.B meshx --version']],
    ['COMMANDS', commands.flatMap((spec) => [...term(bold(spec.name)), text(spec.summary)])],
    [
      'EXIT STATUS',
      [
        ...[...term('0'), 'Done.', ...term('1'), 'The command failed; the message ends with the id of the problem.'],
        ...[...term('2'), 'The command line is wrong.', ...term('3'), 'The plan is not empty (with --exit-code).'],
        ...[...term('70'), 'A bug in meshx.'],
      ],
    ],
    ['SEE ALSO', commands.map((spec, at) => `.BR ${pageOf(spec)} (1)${at < commands.length - 1 ? ',' : ''}`)],
  ]);
}

function commandPage(spec: CommandSpec, edition: Edition): string {
  const common = [...new Set([...spec.common, 'timings' as const])].map((name) => COMMON[name]);
  const args = spec.args.map(([syntax]) => ` ${syntax}`).join('');
  return page(pageOf(spec), edition, spec.summary, [
    ['SYNOPSIS', [bold(`meshx ${spec.name}`), text(`[options]${args}`)]],
    ...(spec.args.length > 0 ? [['ARGUMENTS', entries(spec.args)] as Section] : []),
    ['OPTIONS', entries([...spec.options, ...common, ['-h, --help', 'print the help']])],
    ['EXAMPLES', ['.nf', ...spec.examples.map((line) => text(`meshx ${line}`)), '.fi']],
    ['SEE ALSO', ['.BR meshx (1)']],
  ]);
}

type Section = readonly [title: string, lines: readonly string[]];

function page(name: string, { version, date }: Edition, summary: string, sections: readonly Section[]): string {
  const head = `.TH ${name.toUpperCase().replaceAll('-', '\\-')} 1 ${date} "meshx ${version}" "meshx manual"`;
  const named: Section = ['NAME', [`${text(name)} \\- ${text(summary)}`]];
  return [head, ...[named, ...sections].flatMap(([title, lines]) => [`.SH ${title}`, ...lines]), ''].join('\n');
}

function entries(lines: readonly OptionLine[]): readonly string[] {
  return lines.flatMap(([syntax, description]) => [...term(bold(syntax)), text(description)]);
}

const term = (line: string): readonly [string, string] => ['.TP', line];

const bold = (line: string): string => `\\fB${text(line)}\\fP`;

/** As roff shows it unchanged: a `-` that can be pasted, no line that is read as a request. */
function text(line: string): string {
  return line.replaceAll('\\', '\\e').replaceAll('-', '\\-').replace(/^[.']/, '\\&$&');
}
