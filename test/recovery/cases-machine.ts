import type { RecoveryCase } from './cases.ts';
import { CLEAN, OUT } from './cases-services.ts';
import type { Course } from './course.ts';
import { hostOf } from './services.ts';

/** How long the cable is pulled. Milliseconds. */
const CUT = 60_000;
const AFTER = 60_000;

/** Whether a name resolves on the VM. */
function resolver({ vm }: Course): (name: string) => Promise<boolean> {
  return async (name) => (await vm.try(`timeout 5 getent hosts ${name}`)).exitCode === 0;
}

/** Root compares the files once a minute. */
const PASS = 90_000;
const FILES = '/var/lib/istio/envoy/cluster.env /etc/systemd/system/istio.service /usr/local/lib/meshx/watch';

async function filesEdited(course: Course): Promise<void> {
  const sums = async (): Promise<string> => (await course.vm.try(`sha256sum ${FILES}`)).stdout;
  const [first = '', , program = ''] = FILES.split(' ');
  await course.event(async () => Promise.resolve());
  const kept = `ls /run/meshx/kept${first} /run/meshx/kept${program}`;
  await course.until('root has copies', PASS, async () => (await course.vm.try(kept)).exitCode === 0);
  const before = await sums();
  const edits = FILES.split(' ').map((path) => `echo 'ISTIO_INBOUND_PORTS=1' >>${path}`);
  await course.strike([...edits, `rm ${program}`].join(' && '));
  await course.until('the files are as before', PASS, async () => (await sums()) === before);
  await course.answer(PASS);
  await course.clean(PASS + CLEAN);
  course.allAnswered();
}

/** The machine around the services. */
export const MACHINE_CASES: readonly RecoveryCase[] = [
  {
    name: 'link-cut',
    what: 'no network for 60 s',
    run: async (course) => {
      const { lab, name } = course.vm;
      await course.event(async () => await lab.cutCable(name));
      await course.lasts(CUT);
      await course.event(async () => await lab.plugCable(name));
      await course.answer(AFTER);
      await course.clean(CLEAN);
    },
  },
  {
    name: 'vm-rebooted',
    what: 'reboot',
    run: async (course) => {
      await course.event(async () => await course.vm.lab.reboot(course.vm.name));
      await course.answer(120_000);
      await course.clean(180_000);
    },
  },
  {
    name: 'resolv-conf-overwritten',
    suite: 'bookworm',
    what: '/etc/resolv.conf is overwritten with a name server that does not answer; then with one that does',
    run: async (course) => {
      const resolves = resolver(course);
      await course.strike('echo "nameserver 10.150.0.6" >/etc/resolv.conf');
      await course.until('names of the mesh resolve on the VM', AFTER, async () => await resolves(hostOf('web')));
      await course.answer(AFTER);
      await course.strike('echo "nameserver 10.150.0.2" >/etc/resolv.conf');
      await course.until('other names resolve on the VM', AFTER, async () => await resolves('outside.example.test'));
      await course.answer(AFTER);
      await course.clean(CLEAN);
    },
  },
  {
    name: 'resolved-replaced',
    suite: 'trixie',
    what: 'the name server of systemd-resolved in /etc/resolv.conf is replaced by that of the network; then a restart of the sidecar',
    remark:
      'The sidecar asks the server of its start, and packets from loopback do not leave the machine: where a local name server is replaced by another machine, names of the mesh resolve on the VM after a restart of istio.service. The journal says so.',
    run: async (course) => {
      const resolves = resolver(course);
      await course.strike('echo "nameserver 10.150.0.2" >/etc/resolv.conf');
      await course.until('other names resolve on the VM', AFTER, async () => await resolves('outside.example.test'));
      await course.answer(AFTER);
      await course.clean(CLEAN);
      await course.strike('systemctl restart istio.service');
      await course.until('names of the mesh resolve on the VM', AFTER, async () => await resolves(hostOf('web')));
      await course.until('other names resolve on the VM', AFTER, async () => await resolves('outside.example.test'));
      await course.answer(AFTER);
      await course.clean(CLEAN);
    },
  },
  {
    name: 'files-edited',
    what: 'cluster.env and istio.service are edited, and a program of meshx is deleted',
    run: filesEdited,
  },
  {
    name: 'disk-full',
    what: 'no byte left on the disk: kill -9 of the agent, a stop of MariaDB, kill -9 of Envoy; then room again, and a start of MariaDB',
    run: async (course) => {
      const { vm } = course;
      await vm.fillDisk();
      try {
        await course.strike('kill -KILL $(systemctl show -P MainPID meshx-agent.service)');
        await course.clean(CLEAN);
        await course.strike('systemctl stop mariadb');
        await course.outOfRotation('mysqldb', OUT);
        const before = await vm.pids('envoy');
        await course.strike('pkill -KILL -x envoy');
        await course.until('another Envoy runs', AFTER, async () => !['', before].includes(await vm.pids('envoy')));
        await course.othersAnswer(AFTER, 'mysqldb');
      } finally {
        await vm.emptyDisk();
      }
      await course.strike('systemctl start mariadb');
      await course.answer(AFTER);
      await course.clean(CLEAN);
    },
  },
];
