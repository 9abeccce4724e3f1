import type { RecoveryCase } from './cases.ts';
import type { Course } from './course.ts';

const KILL = 'pkill -KILL -x mariadbd';
/** Milliseconds: three probes, a second apart, and the mesh. */
export const OUT = 10_000;
/** systemd starts MariaDB after 5 s. Milliseconds. */
const RESTARTED = 30_000;
export const CLEAN = 90_000;

async function killed(course: Course): Promise<void> {
  await course.strike(KILL);
  await course.outOfRotation('mysqldb', OUT);
  await course.answer(RESTARTED, ['mysqldb']);
}

/** A service of the VM ends. */
export const SERVICE_CASES: readonly RecoveryCase[] = [
  {
    name: 'mariadb-killed',
    what: 'kill -9 of MariaDB; systemd starts it again after 5 s',
    run: async (course) => {
      await killed(course);
      await course.clean(CLEAN);
    },
  },
  {
    name: 'mariadb-stopped',
    what: 'clean stop of MariaDB, then a start',
    run: async (course) => {
      await course.strike('systemctl stop mariadb');
      await course.outOfRotation('mysqldb', OUT);
      await course.clean(CLEAN, ['mysqldb']);
      await course.strike('systemctl start mariadb');
      await course.answer(RESTARTED, ['mysqldb']);
      await course.clean(CLEAN);
    },
  },
  {
    name: 'one-of-two-killed',
    what: 'kill -9 of MariaDB; the HTTP service of the same VM must answer all requests',
    run: async (course) => {
      await killed(course);
      course.allAnswered();
    },
  },
];
