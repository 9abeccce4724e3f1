import { type Course, type Operation, type Variant } from './cases.ts';
import { wordsOf } from './operator.ts';
import { type Bench, placeOf } from './run-case.ts';

/**
 * A web service reached as root, a database reached as a user with a password for sudo, and a web service with the agent reached as such
 * a user.
 */
export const VARIANTS: readonly Variant[] = [
  { service: 'http', user: 'root', trap: false, agent: false },
  { service: 'mysql', user: 'operator', trap: false, agent: false },
  { service: 'http', user: 'operator', trap: false, agent: true },
];

/** What is done with a machine of a variant, in an order in which each finds what it needs. */
function operationsOf({ agent }: Variant): readonly Operation[] {
  return agent ? ['up', 'rejoin', 'upgrade', 'down'] : ['up', 'configure', 'down'];
}

/**
 * One run without a fault of each operation on one machine. Throws when one of them fails: its commands after the failure would be
 * left out of the cases.
 */
export async function courseOf(bench: Bench, variant: Variant): Promise<Course[]> {
  const { machine, operator, api, hasDown } = bench;
  await machine.fresh(variant, false);
  const { vm } = machine.seat;
  const courses: Course[] = [];
  for (const operation of operationsOf(variant).filter((each) => each !== 'down' || hasDown)) {
    await machine.gate.arm('none');
    await api.arm(vm, 'none');
    const said = await operator.types(wordsOf(operation, variant, placeOf(bench)));
    const words = `${operation} without a fault ended with ${said.exitCode}: ${said.stdout}${said.stderr}`;
    if (said.exitCode !== 0) throw new Error(words);
    const [commands, { requests }] = [await machine.gate.commands(), await api.seen(vm)];
    const { service, user, agent } = variant;
    courses.push({ operation, service, user, agent, commands, requests });
  }
  await machine.gate.disarm();
  return courses;
}
