import type { Member } from '../../checks/report/report.ts';
import type { Terminal } from '../../terminal.ts';
import { capture } from '../actions/capture.ts';
import type { Call } from '../command.ts';
import { VM_OPTIONS } from '../options.ts';

/** Loads the rules of capture on these VMs again, one after another; of a dry run only prints the plan. Throws what `meshx capture` throws. */
export async function loadRules(
  call: Call,
  vms: readonly Member[],
  { dryRun, isText }: { readonly dryRun: boolean; readonly isText: boolean },
): Promise<void> {
  for (const vm of vms) await capture(callFor(call, vm, { dryRun, isText }));
}

function callFor(
  { world, terminal, given }: Call,
  { host }: Member,
  { dryRun, isText }: { readonly dryRun: boolean; readonly isText: boolean },
): Call {
  const way = Object.fromEntries(VM_OPTIONS.flatMap((name) => (name in given ? [[name, given[name]] as const] : [])));
  const aside: Terminal = { ...terminal, out: (lines) => terminal.err(lines) };
  return {
    ...{ world, terminal: isText ? terminal : aside, args: [host, 'on'] },
    given: { ...way, ...(dryRun && { dryRun }), output: 'text' },
  };
}
