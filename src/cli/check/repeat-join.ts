import type { Member } from '../../checks/report/report.ts';
import { REPEATED } from '../../operations/join/recorded-options.ts';
import type { Terminal } from '../../terminal.ts';
import { joinVms } from '../actions/join.ts';
import type { Call } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { JOIN_SWITCHES } from '../join/options.ts';
import { CLUSTER_OPTIONS, VM_OPTIONS } from '../options.ts';

/** How joins are repeated. */
interface Repeating {
  readonly dryRun: boolean;
  /** Whether stdout is for people. */
  readonly isText: boolean;
}

/**
 * Repeats the joins of these VMs, one after another, with the options that each has recorded. Stops at the first that fails. Returns its
 * exit code; else that of an empty or a full plan of a dry run, or of done.
 */
export async function repeatJoins(call: Call, vms: readonly Member[], repeating: Repeating): Promise<number> {
  let code: number = EXIT.done;
  for (const vm of vms) {
    const ended = await joinVms('up', callFor(call, vm, repeating));
    if (ended !== EXIT.done && ended !== EXIT.planNotEmpty) return ended;
    code = Math.max(code, ended);
  }
  return code;
}

/** Options by which cluster and VM are reached. What a VM has recorded of them is its own. */
const WAY = [...CLUSTER_OPTIONS, ...VM_OPTIONS].filter((name) => !REPEATED.includes(name));

function callFor(
  { world, terminal, given, settings }: Call,
  { host, namespace }: Member,
  { dryRun, isText }: Repeating,
): Call {
  const way = Object.fromEntries(WAY.flatMap((name) => (name in given ? [[name, given[name]] as const] : [])));
  const plan = dryRun ? { dryRun, exitCode: true } : {};
  const aside: Terminal = { ...terminal, out: (lines) => terminal.err(lines) };
  return {
    ...{ world, terminal: isText ? terminal : aside, args: [host] },
    given: { ...way, namespace, ...plan, output: 'text' },
    on: JOIN_SWITCHES,
    settings: new Map([...(settings ?? [])].filter(([name]) => WAY.some((each) => each === name))),
  };
}
