import { type Course, OPERATIONS, type Variant } from './cases.ts';
import type { Bench } from './run-case.ts';
import { wordsOf } from './operator.ts';

/** A database reached as root, and a web service reached as a user with a password for sudo. */
export const VARIANTS: readonly Variant[] = [
  { service: 'http', user: 'root', trap: false },
  { service: 'mysql', user: 'operator', trap: false },
];

/**
 * One run without a fault of each operation on one machine. Throws when one of them fails: its commands after the failure would be
 * left out of the cases.
 */
export async function courseOf({ machine, operator, api, deb, hasDown }: Bench, variant: Variant): Promise<Course[]> {
  await machine.fresh(variant, false);
  const { vm, namespace } = machine.seat;
  const courses: Course[] = [];
  for (const operation of OPERATIONS.filter((each) => each !== 'down' || hasDown)) {
    await machine.gate.arm('none');
    await api.arm(vm, 'none');
    const said = await operator.types(wordsOf(operation, variant, { vm, namespace, deb }));
    const words = `${operation} without a fault ended with ${said.exitCode}: ${said.stdout}${said.stderr}`;
    if (said.exitCode !== 0) throw new Error(words);
    const [commands, { requests }] = [await machine.gate.commands(), await api.seen(vm)];
    courses.push({ operation, service: variant.service, user: variant.user, commands, requests });
  }
  await machine.gate.disarm();
  return courses;
}
