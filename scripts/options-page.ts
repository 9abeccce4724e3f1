// Writes docs/reference/options.md from the table of commands: the site has every command with every option.
import { writeFileSync } from 'node:fs';
import { commands } from '../src/cli/commands.ts';
import type { CommandSpec } from '../src/cli/command.ts';
import { COMMON, EVERY_OPTIONS, type OptionLine } from '../src/cli/options.ts';

const PAGE = new URL('../docs/reference/options.md', import.meta.url);

function row([flags, description]: OptionLine): string {
  return `| \`${flags}\` | ${description.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
}

function table(lines: readonly OptionLine[]): readonly string[] {
  return lines.length === 0 ? [] : ['| option | |', '|---|---|', ...lines.map(row), ''];
}

function section({ name, summary, args, options, common, examples }: CommandSpec): readonly string[] {
  const usage = ['meshx', name, ...args.map(([syntax]) => syntax)].join(' ');
  const shared = [...new Set(common)].map((option): OptionLine => COMMON[option]);
  const own = options.map(([flags]) => flags);
  const lines = [...options, ...shared.filter(([flags]) => !own.includes(flags))];
  return [
    ...[`## meshx ${name}`, '', `${summary[0]?.toUpperCase() ?? ''}${summary.slice(1)}.`, ''],
    ...['```', usage, '', ...examples.map((example) => `meshx ${example}`), '```', ''],
    ...table(lines),
  ];
}

const lines = [
  ...[
    '# All options',
    '',
    'Made from the table of commands. [Commands](../commands.md) explains each with its output.',
    '',
  ],
  ...['## Every command', '', ...table(EVERY_OPTIONS.map((name) => COMMON[name]))],
  ...commands.flatMap(section),
];
writeFileSync(PAGE, lines.join('\n'));
