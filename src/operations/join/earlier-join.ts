import { meshGeneration } from '../../mesh/mesh-generation.ts';
import { isDeepStrictEqual } from 'node:util';
import type { Preflight } from '../../checks/preflight.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import { type JoinContext, reopenContext } from './context.ts';
import { ownPlace, refuseOthersPlace } from './own-place.ts';
import type { JoinRun, FirstInspection } from './run.ts';
import { isOfTheCluster, missingOptions, withRecorded } from './recorded-options.ts';

/**
 * Adds the options of the earlier join that are not given again, except services, labels and account: the WorkloadGroup
 * has these, and a service that was deregistered must stay so. Namespace and group come from the VM, so the cluster
 * must confirm them before anything is registered or a token requested. Throws `membership-unconfirmed`,
 * `account-not-repeated`, and `invalid-input` for an invalid recorded value.
 */
export async function withEarlierJoin(run: JoinRun, seen: FirstInspection): Promise<JoinContext> {
  const { verb, context } = run;
  const place = ownPlace(run, seen.preflight);
  await refuseOthersPlace(run, seen, place);
  refuseAccount(run, seen.preflight);
  const recorded = seen.preflight.membership.record?.options ?? {};
  noteReplaced(run, recorded);
  const missing = { ...missingOptions(context.options, recorded), ...place.missing };
  const names = Object.keys(missing);
  if (names.length === 0) return context;
  run.observe({ kind: 'repeated', options: missing });
  const options = withRecorded(verb, context.options, missing);
  return names.some(isOfTheCluster) ? await reopenContext(options, context) : { ...context, options };
}

/** Given options that differ from the record. */
function noteReplaced({ context: { options }, observe }: JoinRun, recorded: RecordedOptions): void {
  for (const [name, before] of Object.entries(recorded)) {
    const now = options.repeated[name];
    if (now === undefined || options.forget.includes(name) || isDeepStrictEqual(now, before)) continue;
    observe({ kind: 'replaced', before: { [name]: before }, now: { [name]: now } });
  }
}

/**
 * In a classic mesh nothing in the cluster says which account a VM has, and its certificate is copied from a Secret.
 */
function refuseAccount({ verb, vm, context }: JoinRun, { membership }: Preflight): void {
  const account = membership.record?.serviceAccount;
  if (meshGeneration(context.facts.generation).hasGroups || account === undefined || account === 'default') return;
  if (context.options.workload.serviceAccount !== undefined) return;
  throw cliProblems.accountNotRepeated({ command: verb, vm, account });
}
