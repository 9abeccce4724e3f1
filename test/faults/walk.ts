import * as fc from 'fast-check';
import type { Lab } from '../lab/lab.ts';
import { COMMAND_FAULTS, type CommandFault } from './faults.ts';
import type { Variant } from './cases.ts';
import { wordsOf } from './operator.ts';
import { type Bench, Failure, placeOf, type Result, withFault } from './run-case.ts';

/** What the machine should be, as far as it is known: after a fault nothing is known until a command ended well. */
interface Model {
  joined: 'no' | 'yes' | 'unknown';
  istiod: boolean;
  /** The connections of before `up` must still live. */
  kept: boolean;
}

interface World {
  readonly bench: Bench;
  readonly lab: Lab;
  readonly variant: Variant;
  readonly done: string[];
}

type Step = fc.AsyncCommand<Model, World>;

const LOGIN_MS = 30_000;

/** What must hold after each step, whatever came before. */
async function holds({ bench: { machine }, done }: World, model: Model): Promise<void> {
  const walked = done.join(', ');
  if ((await machine.login(LOGIN_MS)) === undefined) throw new Failure('stranded', `no login after: ${walked}`);
  if (!model.kept) return;
  const lost = await machine.lost();
  if (lost.length > 0) throw new Failure('lost', `${lost.join(', ')} after: ${walked}`);
}

/** A step of the walk: a word for people, when it may be taken, and what it does. */
function step(
  word: string,
  may: (model: Readonly<Model>) => boolean,
  act: (model: Model, world: World) => Promise<void>,
): Step {
  return {
    check: may,
    run: async (model, world) => {
      world.done.push(word);
      await act(model, world);
      await holds(world, model);
    },
    toString: () => word,
  };
}

async function mustEnd({ bench: { operator, machine }, done }: World, words: readonly string[]): Promise<void> {
  await machine.gate.disarm();
  const said = await operator.types(words);
  if (said.exitCode !== 0)
    throw new Failure('resume', `after ${done.join(', ')}: ended with ${said.exitCode}: ${said.stderr}`);
}

const typed = (operation: 'up' | 'configure' | 'down', may: (model: Readonly<Model>) => boolean): Step =>
  step(operation, may, async (model, world) => {
    await mustEnd(world, wordsOf(operation, world.variant, placeOf(world.bench)));
    if (operation !== 'configure') model.joined = operation === 'up' ? 'yes' : 'no';
  });

/** The same, and something happens to one of its commands. */
function disturbed(operation: 'up' | 'configure' | 'down', at: number, what: CommandFault): Step {
  const may = (model: Readonly<Model>): boolean => model.istiod && (operation === 'up' || model.joined === 'yes');
  return step(`${operation} with ${what} at ${at}`, may, async (model, world) => {
    const fault = { where: 'command', at, what } as const;
    const said = await withFault(world.bench, { ...world.variant, operation, step: '', fault }).catch(orUnreached);
    if (said === undefined) {
      model.joined = 'unknown';
      return;
    }
    if (what === 'disk') await world.bench.machine.emptyDisk();
    if (what === 'reboot' || what === 'power') model.kept = false;
    model.joined = said.exitCode === 0 && operation !== 'configure' ? (operation === 'up' ? 'yes' : 'no') : 'unknown';
  });
}

const isJoined = ({ joined }: Readonly<Model>): boolean => joined === 'yes';

/** A run that has not so many commands was one without a fault. */
function orUnreached(error: unknown): undefined {
  if (!(error instanceof Failure && error.verdict === 'unreached')) throw error;
}

function steps(): fc.Arbitrary<Step>[] {
  const capture = (verb: 'off' | 'on'): Step =>
    step(`capture ${verb}`, isJoined, async (_model, world) => {
      const user = world.variant.user === 'root' ? [] : ['--user', 'operator'];
      await mustEnd(world, ['capture', placeOf(world.bench).vm, verb, ...user]);
    });
  const sidecarKill = step(
    'kill of the sidecar',
    isJoined,
    async (_model, { bench: { machine } }) => await machine.killSidecar(),
  );
  const reboot = step(
    'reboot',
    () => true,
    async (model, { bench: { machine } }) => {
      model.kept = false;
      await machine.reboot();
    },
  );
  const istiodStop = step(
    'stop of istiod',
    ({ istiod }) => istiod,
    async (model, { lab }) => {
      model.istiod = false;
      await lab.stopIstiod();
    },
  );
  const istiodStart = step(
    'start of istiod',
    ({ istiod }) => !istiod,
    async (model, { lab }) => {
      model.istiod = true;
      await lab.startIstiod();
    },
  );
  const fault = fc
    .tuple(
      fc.constantFrom('up', 'configure', 'down' as const),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(...COMMAND_FAULTS),
    )
    .filter(([, , what]) => what !== 'hang')
    .map(([operation, at, what]) => disturbed(operation, at, what));
  const plain = [
    typed('up', ({ istiod }) => istiod),
    typed('configure', (model) => model.istiod && isJoined(model)),
    typed('down', () => true),
    ...[capture('off'), capture('on'), sidecarKill, reboot, istiodStop, istiodStart],
  ];
  const up = typed('up', ({ istiod }) => istiod);
  return [...plain.map((each) => fc.constant(each)), fc.constant(up), fault, fault, fault];
}

/** Steps that are not possible in a state are skipped. */
function walks(): fc.Arbitrary<Step[]> {
  return fc.array(fc.oneof(...steps()), { minLength: 8, maxLength: 12, size: 'max' });
}

/** One walk of commands and faults on a machine made for it; the same for the same seed. */
export async function walk(bench: Bench, lab: Lab, seed: number): Promise<Result> {
  const began = performance.now();
  const variant: Variant =
    seed % 2 === 0
      ? { service: 'http', user: 'root', trap: false, agent: false }
      : { service: 'mysql', user: 'operator', trap: false, agent: false };
  const [taken = []] = fc.sample(walks(), { seed, numRuns: 1 });
  const world: World = { bench, lab, variant, done: [] };
  const model: Model = { joined: 'no', istiod: true, kept: true };
  let failure: Failure | undefined;
  try {
    await bench.machine.fresh(variant, false);
    await fc.asyncModelRun(() => ({ model, real: world }), taken);
    if (!model.istiod) await lab.startIstiod();
    await mustEnd(world, wordsOf('down', variant, placeOf(world.bench)));
    await holds(world, model);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    failure = error;
  } finally {
    if (!(await lab.processes.running('istiod'))) await lab.startIstiod();
  }
  return {
    case: `walk/${seed}`,
    operation: 'walk',
    where: 'command',
    fault: 'several',
    step: world.done.join(', '),
    verdict: failure?.verdict ?? 'passed',
    ...(failure && { detail: failure.message.slice(-2500) }),
    ms: Math.round(performance.now() - began),
  };
}
