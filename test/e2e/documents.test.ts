import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { coverage, type LabStep } from '../docs/coverage.ts';
import { blockCommands, ROOT } from '../docs/pages.ts';
import { missingLines } from '../docs/sample.ts';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import { Kubelet } from '../lab/kubelet.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { BUILD, buildExecutable } from './support/executable.ts';
import { STEP, useLab } from './support/lab.ts';
import { type Mirror, startMirror } from './support/mirror.ts';
import { type Answered, Reader } from './support/reader.ts';

/** The machines of the pages. */
const VMS = [
  { name: 'vm1', ip: '10.150.0.132', mysql: 'loopback' },
  { name: 'istio-vm', ip: '10.150.0.133', suite: 'trixie' },
  { name: 'db-1', ip: '10.150.0.134', suite: 'trixie' },
  { name: 'web-1', ip: '10.150.0.135', mysql: 'off' },
  { name: 'shop-1', ip: '10.150.0.138', mysql: 'off' },
] as const;

const lab = useLab();
const folder = temporaryFolder();
const steps = Object.entries(coverage.lab).flatMap(([page, list]) => list.map((step) => ({ page, ...step })));
let reader: Reader;
let kubelet: Kubelet;
let mirror: Mirror;
let opened = '';

beforeAll(
  async () => {
    const meshx = await buildExecutable(lab());
    await lab().pod('orders', '10.150.0.136', { namespace: 'shop' });
    await Promise.all(VMS.map(({ name, ip, ...options }) => lab().vm(name, ip, options)));
    // What a cloud, a cluster with controllers and the Internet would give.
    await lab().gateway();
    await writeInstallation(lab());
    kubelet = await Kubelet.start(lab());
    mirror = await startMirror(lab());
    await cp(join(ROOT, 'examples'), join(folder, 'examples'), { recursive: true });
    const packages = { DEB: lab().deb, NEWER_DEB: lab().newerDeb, MIRROR: mirror.folder };
    // Another test looks at what the lab's operator fetches.
    const own = { MESHX_PACKAGE_SOURCE: mirror.url, XDG_CACHE_HOME: join(folder, 'cache') };
    reader = await Reader.at(lab(), { folder, meshx, env: { ...own, ...packages } });
  },
  BUILD + 2 * STEP,
);

afterAll(async () => {
  await lab().meshx(['expose', 'delete', '--yes']);
  await mirror[Symbol.asyncDispose]();
  await kubelet[Symbol.asyncDispose]();
  await removeInstallation(lab());
}, STEP);

async function follow({ run, instead, on, answer }: LabStep): Promise<Answered> {
  const line = instead ?? run;
  if (on !== undefined) return await reader.typeOn(on, line);
  return answer === undefined ? await reader.type(line) : await reader.typeAndAnswer(line, answer);
}

test.each(steps)(
  '$page: $run',
  async ({ page, before, ...step }) => {
    if (page !== opened) await reader.open(page);
    opened = page;
    if (before !== undefined) {
      const prepared = await reader.type(before);
      const { exit, output } = prepared;
      expect({ before, exit, output: exit === 0 ? '' : output }).toEqual({ before, exit: 0, output: '' });
    }
    const { exit, output } = await follow(step);
    expect({ exit, output: exit === step.exit ? '' : output }).toEqual({ exit: step.exit, output: '' });
    expect(output).toContain(step.prints ?? '');
    const shows = blockCommands(page).find(({ run }) => run === step.run)?.shows ?? [];
    expect({ missing: missingLines(shows, output), output }).toEqual({ missing: [], output });
  },
  2 * STEP,
);
