import { isDeepStrictEqual } from 'node:util';
import type { Kubernetes } from '../../cluster/kubernetes.ts';
import { toShell } from '../../host/shell.ts';
import { cliProblems } from '../../problems/cli.ts';
import type { JoinOptions } from '../../vm/membership-record.ts';
import type { Preflight } from '../../checks/preflight.ts';
import type { Call } from '../command.ts';
import { flagOf, Input } from '../input.ts';
import { OF_THE_CLUSTER, REPEATED, typedOption } from './join-options.ts';
import { ownPlace, refuseOthersPlace } from './own-place.ts';
import { joinWords } from './words.ts';
import { type JoinContext, reopenContext } from './context.ts';

/** A run on one VM that may have joined before. */
export interface Remembering {
  readonly command: string;
  readonly call: Call;
  readonly context: JoinContext;
  readonly vm: string;
  readonly say: (text: string) => void;
}

/** What was seen of the VM and its cluster. */
export interface Seen {
  readonly looked: Preflight;
  readonly kube: Kubernetes;
  readonly signal: AbortSignal;
}

/**
 * The run with the options of the join before that were not typed again. Services, labels and account are not among them: the
 * WorkloadGroup has these, and a service that was deregistered since must not come back. Namespace and group are the VM's own word, so
 * the cluster has to confirm them before anything is registered or a token is asked for. Throws `membership-unconfirmed`,
 * `account-not-repeated`, and `invalid-input` for a recorded value that is none.
 */
export async function rememberedContext(run: Remembering, seen: Seen): Promise<JoinContext> {
  const { command, call, context } = run;
  const input = new Input(command, call);
  const place = ownPlace(run, seen.looked);
  await refuseOthersPlace(run, seen, place);
  refuseAccount(input, run, seen.looked);
  const missing = { ...missingOptions(input, run, seen.looked), ...place.missing };
  const names = Object.keys(missing);
  if (names.length === 0) return context;
  run.say(`note: repeated from the join before: ${shownOptions(missing)} (leave one out with: --forget NAME)`);
  const again = new Input(command, { ...call, given: { ...call.given, ...missing } });
  const words = joinWords(again);
  again.accept();
  const isOther = names.some((name) => name === 'namespace' || OF_THE_CLUSTER.includes(name));
  return isOther ? await reopenContext(words, context) : { ...context, words };
}

/** What the record has and nobody typed. What was typed and differs is named. */
function missingOptions(input: Input, { context, say }: Remembering, { membership }: Preflight): JoinOptions {
  const recorded = Object.entries(membership.record?.options ?? {}).filter(([name]) => REPEATED.includes(name));
  const kept = recorded.filter(([name]) => !context.words.forget.includes(name));
  for (const [name, value] of kept) {
    const typed = typedOption(input, name);
    if (typed !== undefined && !isDeepStrictEqual(typed, value))
      say(`note: ${shownOptions({ [name]: typed })} replaces ${shownOptions({ [name]: value })} of the join before`);
  }
  return Object.fromEntries(kept.filter(([name]) => typedOption(input, name) === undefined));
}

/** In a classic mesh nothing in the cluster says whose account a VM has, and its certificate is copied out of a Secret. */
function refuseAccount(input: Input, { command, vm, context }: Remembering, { membership }: Preflight): void {
  const account = membership.record?.serviceAccount;
  if (context.facts.generation === 'current' || account === undefined || account === 'default') return;
  if (input.text('serviceAccount') !== undefined) return;
  throw cliProblems.accountNotRepeated({ vm, account, command: toShell(['meshx', command, vm, '-s', account]) });
}

/** As they can be typed. */
function shownOptions(options: JoinOptions): string {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === false
      ? [flagOf(name).replace('--', '--no-')]
      : [value].flat().flatMap((each) => [flagOf(name), String(each)]),
  );
  return toShell(words);
}
