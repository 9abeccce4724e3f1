import { parse as parseYaml } from 'yaml';
import { removeInstallation, writeInstallation } from '../lab/installation.ts';
import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;
const PLACE = 'checked';
const VM = 'checked1';
const WAY = ['-n', PLACE, '--istiod-address', '10.150.0.1'];

interface Finding {
  readonly id: string;
  readonly outcome: string;
}

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, PLACE);
  await writeInstallation(lab);
  await lab.vm(VM, '10.150.0.58', { mysql: 'off' });
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  expectDone(await lab.meshx(['up', VM, ...WAY, '--service', 'checked:http:8080', '--package', lab.deb]));
}, 240_000);

afterAll(async () => {
  await lab.removeMembers();
  await removeInstallation(lab);
}, 60_000);

/** The exit code, and the checks that do not hold. */
async function checked(): Promise<{ readonly exitCode: number; readonly found: readonly string[] }> {
  const { exitCode, stdout } = await lab.meshx(['check', ...WAY, '-o', 'json']);
  // as: written by src/checks/report/document.ts.
  const { checks } = JSON.parse(stdout) as { readonly checks: readonly Finding[] };
  return { exitCode, found: checks.filter(({ outcome }) => outcome !== 'ok').map(({ id }) => id) };
}

const healthy = async (): Promise<boolean> => (await checked()).found.length === 0;

test('a healthy mesh gives no finding, and exit code 0', async () => {
  await lab.waitFor('a healthy mesh', healthy);
  expect(await checked()).toEqual({ exitCode: 0, found: [] });
}, 60_000);

const patched = (object: string, change: object): readonly string[] => {
  const type = Array.isArray(change) ? 'json' : 'merge';
  return ['-n', PLACE, 'patch', object, `--type=${type}`, '-p', JSON.stringify(change)];
};
const PORT = '/spec/ports/0';

/** Each is put back by its last column. Warnings and notes leave the exit code 0. */
test.each([
  [
    'port-protocol',
    0,
    patched('service/checked', [{ op: 'replace', path: `${PORT}/name`, value: 'front' }]),
    patched('service/checked', [{ op: 'replace', path: `${PORT}/name`, value: 'http' }]),
  ],
  [
    'workload-labels',
    0,
    patched(`workloadgroup/${VM}`, { spec: { metadata: { labels: { version: null } } } }),
    patched(`workloadgroup/${VM}`, { spec: { metadata: { labels: { version: 'latest' } } } }),
  ],
  [
    'entry-service',
    4,
    patched('service/checked', [{ op: 'replace', path: '/spec/selector', value: { app: 'nobody' } }]),
    patched('service/checked', [
      { op: 'replace', path: '/spec/selector', value: { 'service.meshx.dev/checked': 'ready' } },
    ]),
  ],
  [
    'entry-network',
    4,
    patched(`workloadentry/${VM}-10.150.0.58`, { spec: { network: 'vms' } }),
    patched(`workloadentry/${VM}-10.150.0.58`, { spec: { network: null } }),
  ],
  [
    'namespace-revision',
    4,
    ['label', 'namespace', PLACE, 'istio.io/rev=1-28'],
    ['label', 'namespace', PLACE, 'istio.io/rev-'],
  ],
])(
  '%s is named alone, with exit code %i',
  async (id, exitCode, broken, restored) => {
    await lab.kubectl(broken);
    try {
      expect(await checked()).toEqual({ exitCode, found: [id] });
    } finally {
      await lab.kubectl(restored);
    }
    expect(await healthy()).toBe(true);
  },
  30_000,
);

test('rules of capture that another program removed are loaded again by --fix', async () => {
  await lab.mustSsh(VM, 'systemctl stop meshx-watch; iptables -t nat -F; iptables -t nat -X');
  const ran = await lab.meshx(['check', VM, ...WAY, '--fix', '--yes']);
  expect(ran.stdout).toContain(`Loading the rules of capture on ${VM} again repairs:`);
  expect(ran).toMatchObject({ exitCode: 0 });
  expect(await lab.mustSsh(VM, 'iptables-save -t nat')).toMatch(/^-A OUTPUT .*-j ISTIO_OUTPUT$/m);
}, 120_000);

test('SARIF, JUnit and YAML of a real mesh are what their readers expect', async () => {
  const printed = async (format: string): Promise<string> => (await lab.meshx(['check', ...WAY, '-o', format])).stdout;
  const sarif = JSON.parse(await printed('sarif')) as { readonly version: string; readonly runs: readonly object[] };
  expect(sarif).toMatchObject({ version: '2.1.0', runs: [{ tool: { driver: { name: 'meshx' } } }] });
  expect(await printed('junit')).toMatch(/^<\?xml [^>]*>\n<testsuites [^]*<\/testsuites>\n$/);
  expect(parseYaml(await printed('yaml'))).toMatchObject({ healthy: true, namespaces: [PLACE] });
}, 30_000);
