import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ran } from '../lab/command.ts';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import { Lab } from '../lab/lab.ts';
import { installOnVm } from './support/debian-packages.ts';
import { expectDone } from './support/done.ts';
import { BUILD, buildExecutable } from './support/executable.ts';

const PLACE = 'installed';
/** The operator's machine has neither Node.js nor a checkout; the mesh is Istio as it comes, with its east-west gateway. */
const [CONSOLE, VM, GATEWAY] = ['console', 'plain', '10.150.0.30'];
let lab: Lab;

beforeAll(async () => {
  lab = await Lab.attach();
  await lab.mesh.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: PLACE } }]);
  await writeInstallation(lab);
  await Promise.all([
    lab.gateway(GATEWAY),
    lab.vm(CONSOLE, '10.150.0.194', { mysql: 'off' }),
    lab.vm(VM, '10.150.0.195'),
  ]);
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
}, 180_000);

afterAll(async () => {
  await lab.removeMembers();
  await removeInstallation(lab);
}, 120_000);

/** A file on the operator's machine that only its owner reads. */
async function write(path: string, content: string | Uint8Array): Promise<void> {
  await lab.mustSsh(CONSOLE, `umask 077; mkdir -p ${dirname(path)}; cat > ${path}`, { input: content });
}

async function meshx(words: string): Promise<Ran> {
  return await lab.ssh(CONSOLE, `meshx ${words}`, { timeoutMs: 180_000 });
}

async function installMeshx(): Promise<void> {
  // The package depends on it.
  await installOnVm(lab, CONSOLE, 'bookworm', ['libatomic1']);
  const folder = dirname(await buildExecutable(lab));
  const name = (await readdir(folder)).find((file) => file.endsWith('.deb')) ?? '';
  await write('/var/tmp/meshx.deb', await readFile(join(folder, name)));
  await lab.mustSsh(CONSOLE, 'dpkg -i /var/tmp/meshx.deb && ! command -v node');
}

/** What an operator has before meshx: a kubeconfig, a key, hosts that they know; and a mirror of Istio's releases. */
async function equipOperator(): Promise<void> {
  const whole = ['config', 'view', '--raw', '--flatten', '--kubeconfig', lab.kubeconfig];
  await write('/root/.kube/config', await lab.kubectl(whole));
  for (const name of ['id_ed25519', 'known_hosts'])
    await write(`/root/.ssh/${name}`, await readFile(join(lab.home, '.ssh', name)));
  await write('/root/.ssh/config', `Host ${VM}\n  HostName 10.150.0.195\n`);
  await write('/srv/istio/1.29.1/deb/istio-sidecar.deb', await readFile(lab.deb));
  await lab.mustSsh(CONSOLE, 'cd /srv/istio/1.29.1/deb && sha256sum istio-sidecar.deb > istio-sidecar.deb.sha256');
  await write('/root/.config/meshx/config.yaml', `namespace: ${PLACE}\npackage-source: /srv/istio\n`);
}

test(
  'meshx from its .deb joins a VM to a default Istio, then its database, and removes it',
  async () => {
    await installMeshx();
    await equipOperator();
    const web = await meshx(`up ${VM} --service web:http:8080`);
    expectDone(web);
    expect(web.stderr).toMatch(/^ok .*\[service-through-mesh:web:8080\]$/m);

    const stopped = await meshx(`up ${VM} --service web:http:8080 --service mysqldb:3306`);
    expect(stopped.stderr).toContain('outside-client-hangs');
    expect(stopped.stderr).toContain('--strict-port=3306');
    const database = await meshx(`up ${VM} --service web:http:8080 --service mysqldb:3306 --strict-port=3306`);
    expectDone(database);
    expect(database.stderr).toMatch(/^ok .*\[service-through-mesh:mysqldb:3306\]$/m);

    const status = await meshx(`status ${VM}`);
    expectDone(status);
    expect(status.stdout).toMatch(/meshx-agent/);
    expectDone(await meshx(`down ${VM} --verify --yes`));

    // The first run packed the package with zstd, for the next VMs.
    expect((await meshx('cache list')).stdout).toMatch(/^package\.zstd\.deb /m);
    expectDone(await meshx(`up ${VM} --service web:http:8080`));
    await lab.mustSsh(VM, 'grep -aq "^data.tar.zst" /var/lib/meshx/packages/current/package');
    expectDone(await meshx(`down ${VM} --verify --yes`));
  },
  BUILD + 300_000,
);
