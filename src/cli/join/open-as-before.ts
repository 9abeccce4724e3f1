import { Problem } from '../../problems.ts';
import { readMembership } from '../../vm/membership.ts';
import { Input } from '../input.ts';
import { openMachine } from '../../operations/connection/machine.ts';
import { OF_THE_CLUSTER, typedOption } from './join-options.ts';
import { type JoinWords, joinWords } from './words.ts';
import { type JoinContext, openContext } from './context.ts';

interface Opening {
  readonly command: string;
  readonly vms: readonly string[];
  readonly words: JoinWords;
}

/**
 * The cluster, read with the options that the first VM joined with: without them (the address of istiod, say) it may not be readable at
 * all. Throws the error that was met without them where the VM adds nothing.
 */
export async function openAsBefore(
  input: Input,
  { command, vms, words }: Opening,
  error: unknown,
): Promise<JoinContext> {
  const [vm] = vms;
  const { call } = input;
  if (!(error instanceof Problem) || vm === undefined || call.world.signal.aborted) throw error;
  const options = await recordedOptions(input, vm, words).catch(() => ({}));
  const missing = Object.entries(options).filter(
    ([name]) => OF_THE_CLUSTER.includes(name) && typedOption(input, name) === undefined && !words.forget.includes(name),
  );
  if (missing.length === 0) throw error;
  const again = new Input(command, { ...call, given: { ...call.given, ...Object.fromEntries(missing) } });
  const parsed = joinWords(again);
  again.accept();
  return { ...(await openContext(call.world, parsed)), words };
}

async function recordedOptions({ call: { world } }: Input, vm: string, { machine }: JoinWords) {
  await using host = await openMachine(world, machine, vm);
  return (await readMembership(host, world.signal)).record?.options ?? {};
}
