import type { RecoveryCase } from './cases.ts';
import type { Course } from './course.ts';
import type { Service } from './services.ts';

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
    // The sidecar's probe takes no notice of so short an outage.
    needsApi: true,
    what: 'kill -9 of MariaDB; systemd starts it again after 5 s',
    run: async (course) => {
      await killed(course);
      await course.clean(CLEAN);
    },
  },
  stopped('mysqldb', 'clean stop of MariaDB', 'mariadb', 'systemctl stop mariadb'),
  {
    name: 'one-of-two-killed',
    needsApi: true,
    what: 'kill -9 of MariaDB; the HTTP service of the same VM must answer all requests',
    run: async (course) => {
      await killed(course);
      course.allAnswered();
    },
  },
  {
    name: 'redis-killed',
    what: 'kill -9 of Redis; systemd starts it again at once',
    run: async (course) => {
      const before = await course.vm.pids('redis-server');
      await course.strike('pkill -KILL -x redis-server');
      const isAnother = async (): Promise<boolean> => !['', before].includes(await course.vm.pids('redis-server'));
      await course.answer(RESTARTED, ['redis'], isAnother);
      await course.clean(CLEAN);
      course.allAnswered();
    },
  },
  stopped('redis', 'clean stop of Redis', 'redis-server', 'systemctl stop redis-server'),
  stopped('postgres', 'kill -9 of PostgreSQL, which systemd does not restart', 'postgresql', 'pkill -KILL -x postgres'),
];

/** A service ends until a person starts its unit. */
function stopped(service: Service, what: string, unit: string, command: string): RecoveryCase {
  return {
    name: `${service}-stopped`,
    what: `${what}, then a start`,
    run: async (course) => {
      await course.strike(command);
      await course.outOfRotation(service, OUT);
      await course.clean(CLEAN, [service]);
      // `postgresql` is active whatever became of its cluster.
      await course.strike(`systemctl restart ${unit}`);
      await course.answer(RESTARTED, [service]);
      await course.clean(CLEAN);
      course.othersAnswered();
    },
  };
}
