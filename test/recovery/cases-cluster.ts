import type { RecoveryCase } from './cases.ts';
import { CLEAN } from './cases-services.ts';
import type { Course } from './course.ts';
import { NAMESPACE } from './services.ts';

/** How long the control plane is away. Milliseconds. */
const AWAY = 120_000;
const AFTER = 60_000;
/** After an outage istiod's client waits up to a minute before it watches again, at times twice. Milliseconds. */
const ISTIOD_WATCHES = 150_000;

interface Outage {
  readonly remark?: string;
  readonly away: (course: Course) => Promise<void>;
  readonly back: (course: Course) => Promise<void>;
}

const stopApi = async ({ vm }: Course): Promise<void> => await vm.lab.processes.stop('apiserver-mesh');
const startApi = async ({ vm }: Course): Promise<void> => await vm.lab.mesh.startApiServer();
const stopIstiod = async ({ vm }: Course): Promise<void> => await vm.lab.stopIstiod();
const startIstiod = async ({ vm }: Course): Promise<void> => await vm.lab.startIstiod();

/** MariaDB stops while the control plane is away; the mesh learns it afterwards, and then that it runs again. */
async function changeDuring(course: Course, { away, back }: Outage): Promise<void> {
  await course.event(async () => {
    await away(course);
    await course.vm.on('systemctl stop mariadb');
  });
  await course.lasts(AWAY);
  await course.event(async () => await back(course));
  await course.outOfRotation('mysqldb', ISTIOD_WATCHES);
  await course.othersAnswer(ISTIOD_WATCHES, 'mysqldb');
  await course.clean(ISTIOD_WATCHES + CLEAN, ['mysqldb']);
  await course.strike('systemctl start mariadb');
  await course.answer(AFTER);
  await course.clean(CLEAN);
}

function outage(name: string, what: string, parts: Outage): RecoveryCase {
  return {
    name,
    what: `${what} away for 2 min, and MariaDB stops meanwhile; then MariaDB starts`,
    ...(parts.remark !== undefined && { remark: parts.remark }),
    run: async (course) => {
      try {
        await changeDuring(course, parts);
      } finally {
        await restored(course, parts);
      }
    },
  };
}

/** For the next case: the control plane and MariaDB run, also after a failure. */
async function restored(course: Course, { back }: Outage): Promise<void> {
  const { processes } = course.vm.lab;
  if (!(await processes.running('apiserver-mesh')) || !(await processes.running('istiod'))) await back(course);
  await course.vm.try('systemctl start mariadb');
}

/** What the VM needs of the cluster is gone. */
export const CLUSTER_CASES: readonly RecoveryCase[] = [
  {
    name: 'entry-deleted',
    needsApi: true,
    what: "the VM's WorkloadEntry is deleted by hand",
    remark:
      'istiod makes an entry when a sidecar connects. The agent asks for a new connection when the entry is missing for 5 s.',
    run: async (course) => {
      const { lab, entry } = course.vm;
      const uid = async (): Promise<string> =>
        await lab.kubectl(['-n', NAMESPACE, 'get', 'workloadentry', entry, '-o', 'jsonpath={.metadata.uid}']);
      const before = await uid();
      await course.event(async () => await lab.kubectl(['-n', NAMESPACE, 'delete', 'workloadentry', entry]));
      await course.answer(AFTER, undefined, async () => (await uid()) !== before);
      await course.clean(CLEAN);
    },
  },
  outage('api-server-away', 'the API server is', {
    away: stopApi,
    back: startApi,
    remark:
      'The agent writes to the API server within 10 s of its return. istiod sees it later: after an outage its client waits up to a minute before it watches WorkloadEntries again, and as long once more if the API server no longer has the version that it asks for.',
  }),
  outage('istiod-away', 'istiod is', { away: stopIstiod, back: startIstiod }),
  outage('control-plane-away', 'API server and istiod are', {
    away: async (course) => {
      await stopIstiod(course);
      await stopApi(course);
    },
    back: async (course) => {
      await startApi(course);
      await startIstiod(course);
    },
  }),
];
