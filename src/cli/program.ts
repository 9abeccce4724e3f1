import { Command, Help, Option } from 'commander';
import { commands } from './commands.ts';
import type { Call, CommandSpec, Surroundings } from './command.ts';
import { commandHeading, grouped, headingOf } from './help-groups.ts';
import { COMMON, type CommonName, EVERY_OPTIONS, type OptionLine } from './options.ts';
import { cliProblems } from '../problems/cli.ts';

const GROUPS: Readonly<Record<string, string>> = {
  expose: "the cluster's side: how VMs reach the control plane",
  config: 'settings files',
  cache: 'packages that are kept on this machine',
  agent: 'the agent of a VM, on the VM itself',
  fleet: 'many VMs from one file: joint plan, batches, canaries, one operator at a time',
};

/**
 * The command line. `start` is called with the chosen command. Common options are declared at the top, where commander
 * accepts them before and after the verb. Commands that are not in `words` are declared with name and summary only.
 */
export function program(around: Surroundings, words: readonly string[], start: Start['start']): Command {
  const { world, terminal } = around;
  const top: Command = new Command('meshx');
  top
    .description('Joins VMs to an Istio mesh over SSH and verifies them with live traffic')
    .version(world.version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({
      writeOut: terminal.out,
      writeErr: (text) => terminal.err(text.trimEnd().split('\n')),
      outputError: (text, write) => write(text.replace(/^error: /, 'meshx: ').trimEnd()),
    })
    .showHelpAfterError('  hint: the commands and options are shown by --help')
    .showSuggestionAfterError()
    .configureHelp({
      // Narrow terminals, too, break lines between words.
      minWidthToWrap: 20,
      visibleOptions: (command) => visible(command, top),
      subcommandTerm: (command) => termOf(command, top),
      groupItems: (_all, shown, heading) => grouped(shown, heading),
    });
  for (const line of Object.values(COMMON)) top.addOption(optionOf(line));
  for (const spec of commands) {
    const command = named(parentOf(top, spec), spec);
    if (spec.name.split(' ').every((name) => words.includes(name))) declare(command, top, spec, { around, start });
  }
  return top;
}

interface Start {
  readonly around: Surroundings;
  readonly start: (spec: CommandSpec, call: Call) => Promise<void>;
}

function named(parent: Command, spec: CommandSpec): Command {
  const name = spec.name.split(' ').at(-1) ?? spec.name;
  const command = parent.command(name).description(spec.summary);
  return name === spec.name ? command.helpGroup(commandHeading(name)) : command;
}

function declare(command: Command, top: Command, spec: CommandSpec, { around, start }: Start): void {
  for (const [syntax, description] of spec.args) command.argument(syntax, description);
  for (const line of spec.options) command.addOption(optionOf(line));
  for (const [now, former] of renamedIn(spec))
    command.addOption(new Option(`--${former} <value>`, `the former name of --${now}`).hideHelp());
  command.addHelpText('after', `\nExamples:\n${spec.examples.map((line) => `  meshx ${line}`).join('\n')}`);
  command.action(async () => {
    refuseForeign(top, spec);
    const { on, given } = typedIn(command);
    await start(spec, {
      ...around,
      args: command.args,
      on,
      given: renamed({ ...typedIn(top).given, ...given }, spec, around),
    });
  });
}

/** The options that were given, and the switches that are on without. Commander lists both. */
function typedIn(command: Command): { readonly given: Record<string, unknown>; readonly on: readonly string[] } {
  const all = Object.entries(command.opts<Record<string, unknown>>());
  const isDefault = (name: string): boolean => command.getOptionValueSource(name) === 'default';
  return {
    given: Object.fromEntries(all.filter(([name]) => !isDefault(name))),
    on: all.flatMap(([name]) => (isDefault(name) ? [name] : [])),
  };
}

/** Options that had another name: `--NOW`, formerly `--FORMER`. */
const RENAMED = [
  ['probe', 'check'],
  ['probe-client', 'proof-client'],
] as const;

function renamedIn({ options }: CommandSpec): readonly (typeof RENAMED)[number][] {
  return RENAMED.filter(([now]) => options.some(([flags]) => flags.startsWith(`--${now} `)));
}

/** Former names of options still work, with a warning. The new name wins. */
function renamed(given: Call['given'], spec: CommandSpec, { terminal }: Surroundings): Call['given'] {
  return renamedIn(spec).reduce<Call['given']>((before, [now, former]) => {
    const { [attribute(former)]: value, ...rest } = before;
    if (value === undefined) return before;
    terminal.err(`note: --${former} is now --${now}; the old name will be removed`);
    return { [attribute(now)]: value, ...rest };
  }, given);
}

function attribute(option: string): string {
  return new Option(`--${option} <value>`).attributeName();
}

/**
 * `--service <name:port...>` may be given several times, with one value each. Commander's own repeated options would
 * consume the arguments that follow: in `up --service mysqldb:3306 istio-vm` the VM.
 */
function optionOf(line: OptionLine): Option {
  const [flags, description] = line;
  if (!flags.endsWith('...>')) return new Option(flags, description).helpGroup(headingOf(line));
  const collect = (word: string, words: readonly string[] = []): readonly string[] => [...words, word];
  const option = new Option(flags.replace('...>', '>'), `${description}; may be repeated`).argParser(collect);
  return option.helpGroup(headingOf(line));
}

/** The group of a two-word command. It only holds its commands, and does not run itself. */
function parentOf(top: Command, spec: CommandSpec): Command {
  const [group, verb] = spec.name.split(' ');
  if (!group || !verb) return top;
  const found = top.commands.find((command) => command.name() === group);
  return (
    found ??
    top
      .command(group)
      .description(GROUPS[group] ?? group)
      .helpGroup(commandHeading(group))
  );
}

/** Refuses a common option that this command does not use, instead of ignoring it. */
function refuseForeign(top: Command, spec: CommandSpec): void {
  const own = spec.options.map(([flags]) => new Option(flags).attributeName());
  const known: readonly string[] = [...commonOf(spec), ...own];
  const foreign = Object.keys(top.opts<Record<string, unknown>>()).filter((name) => !known.includes(name));
  if (foreign.length === 0) return;
  const names = foreign.map((name) => top.options.find((option) => option.attributeName() === name)?.long ?? name);
  throw cliProblems.wrongUsage({
    message: `meshx ${spec.name} does not take ${names.join(', ')}.`,
    hint: `See what it takes: meshx ${spec.name} --help`,
  });
}

function commonOf(spec: CommandSpec): readonly CommonName[] {
  return [...spec.common, ...EVERY_OPTIONS];
}

/** Help of a command: its own options, then the common ones that it understands. */
function visible(command: Command, top: Command): Option[] {
  const help = new Option('-h, --help', 'print this help');
  if (command === top) return [...top.options.filter((option) => option.attributeName() === 'version'), help];
  const spec = commands.find(({ name }) => name === pathOf(command, top));
  const common = spec ? commonOf(spec) : [];
  const own = command.options.filter(({ hidden }) => !hidden);
  // A command may describe a common option in its own words.
  const shared = common.flatMap((name) => top.options.filter((option) => option.attributeName() === name));
  const others = shared.filter(({ long }) => !own.some((option) => option.long === long));
  return [...own, ...new Set(others), help];
}

/** A line of the help that lists commands: `register [options] <name> <ip> <port...>`. */
function termOf(command: Command, top: Command): string {
  const spec = commands.find(({ name }) => name === pathOf(command, top));
  if (!spec) return Help.prototype.subcommandTerm(command);
  const options = spec.options.length > 0 ? ['[options]'] : [];
  return [command.name(), ...options, ...spec.args.map(([syntax]) => syntax)].join(' ');
}

function pathOf(command: Command, top: Command): string {
  return command.parent && command.parent !== top ? `${command.parent.name()} ${command.name()}` : command.name();
}
