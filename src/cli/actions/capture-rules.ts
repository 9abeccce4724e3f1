import { isIpAddress, parseIp } from '../../mesh/address.ts';
import { cliProblems } from '../../problems/cli.ts';
import { checkRules, readRulesOf } from '../../operations/check-rules.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { type ConnectionQuestion, explainConnection } from '../../operations/explain-connection.ts';
import { present } from '../../present.ts';
import { explanationDocument, formatExplanation } from '../capture/explanation.ts';
import type { Call } from '../command.ts';
import { flagOf, Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';

/** `meshx capture VM show`: the rules. `check`: whether they are those that were loaded. `explain`: what they do with a connection. */
export async function captureRules(call: Call, verb: 'show' | 'check' | 'explain'): Promise<void> {
  const { world, terminal, args } = call;
  const [vm = ''] = args;
  const input = new Input('capture', call);
  const machine = machineOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  if (machine.root !== undefined) input.issue('--root: nothing is captured in an image');
  for (const name of ['dryRun', 'confirmWithin'])
    if (call.given[name] !== undefined) input.issue(`${flagOf(name)}: ${verb} changes nothing`);
  const question = verb === 'explain' ? questionOf(input) : undefined;
  if (verb !== 'explain') refuseQuestion(input);
  input.accept();

  const login = () => openMachine(world, machine, vm);
  if (verb === 'show') {
    const { programs: rules } = await readRulesOf(world, login);
    const lines = Object.entries(rules).flatMap(([program, text]) => [program, ...text.map((line) => `  ${line}`)]);
    return terminal.out(output === 'text' ? lines : formatDocument({ vm, rules }, output));
  }
  if (verb === 'check') {
    const { loaded } = await checkRules(world, login);
    const done = `${vm}: all ${loaded} rules of capture are in place and in order`;
    return terminal.out(output === 'text' ? [done] : formatDocument({ vm, rules: loaded }, output));
  }
  if (!question) throw cliProblems.invalidInput({ command: 'capture', issues: [] });
  const report = await explainConnection(world, login, question);
  terminal.out(
    output === 'text' ? formatExplanation(vm, report) : formatDocument({ vm, ...explanationDocument(report) }, output),
  );
}

function refuseQuestion(input: Input): void {
  for (const name of ['uid', 'to', 'inbound', 'from', 'udp'])
    if (input.call.given[name] !== undefined) input.issue(`${flagOf(name)}: is for explain`);
}

/** `--uid` with `--to`, or `--inbound`. */
function questionOf(input: Input): ConnectionQuestion | undefined {
  const protocol = input.flag('udp') ? 'udp' : 'tcp';
  const source = input.parsed('from', parseIp);
  const inbound = input.number('inbound', [1, 65_535]);
  const [user, to] = [input.text('uid'), input.text('to')];
  if (input.text('inbound') !== undefined) {
    if (user !== undefined || to !== undefined) input.issue('--inbound: cannot be combined with --uid and --to');
    if (inbound === undefined) return undefined;
    return {
      connection: { way: 'in', ...present({ source }) },
      family: familyOf(source ?? ''),
      protocol,
      port: inbound,
    };
  }
  const destination = to === undefined ? undefined : destinationOf(to);
  if (user === undefined || !USER.test(user)) input.issue('--uid: give a number or the name of a user');
  if (!destination) input.issue('--to: give an IP address with a port, as 10.1.2.3:443 or [fd00::5]:443');
  if (source !== undefined && destination && familyOf(source) !== familyOf(destination.ip))
    input.issue('--from: its family is not that of --to');
  if (user === undefined || !destination) return undefined;
  const connection = { way: 'out', user, destination: destination.ip, ...present({ source }) } as const;
  return { connection, family: familyOf(destination.ip), protocol, port: destination.port };
}

/** Names as useradd allows them, also those of a directory service. */
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.@\\-]{0,63}\$?$/;

function destinationOf(text: string): { readonly ip: string; readonly port: number } | undefined {
  const [, bracketed, bare, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const [ip, port] = [bracketed ?? bare ?? '', Number(digits)];
  return isIpAddress(ip) && port > 0 && port < 65_536 ? { ip: parseIp(ip), port } : undefined;
}

function familyOf(ip: string): 4 | 6 {
  return ip.includes(':') ? 6 : 4;
}
