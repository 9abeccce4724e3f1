import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMED_PATHS } from '../../src/cli/named-paths.ts';
import { flagOf } from '../../src/cli/input.ts';
import { camelCase } from '../../src/cli/fleet/given.ts';
import { isOfProjects, SETTING_KEYS } from '../../src/cli/settings/keys.ts';
import { FleetSchema, OptionsSchema } from '../../src/fleet/schema.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const FLEET_OPTIONS = Object.keys(OptionsSchema.shape);
const FLEET_CLUSTER = Object.keys(FleetSchema.shape.cluster.unwrap().shape);
const NAMES = [...new Set([...FLEET_OPTIONS, ...FLEET_CLUSTER, ...SETTING_KEYS.map(({ key }) => key)])];

/** Options of files whose value is no path of the operator's machine. */
const NO_PATHS = [
  ...[
    'upgrade',
    'sha256',
    'namespace',
    'workload-group',
    'service',
    'service-account',
    'labels',
    'network',
    'locality',
  ],
  ...['weight', 'probe', 'capture-dns', 'agent', 'agent-metrics-port', 'vm-address', 'exclude-ports', 'strict-port'],
  ...['mesh-service', 'probe-client', 'create', 'accept-risk', 'service-cidr', 'istiod-address', 'gateway', 'release'],
  ...['cluster-domain', 'cluster-id', 'wait', 'timeout', 'restart', 'drain-timeout', 'confirm-within', 'step-timeout'],
  ...['user', 'port', 'host-key-fingerprint', 'project', 'zone', 'context', 'istio-namespace', 'revision', 'parallel'],
];

test('each option that a file can give is a path that is judged, or is known to be none', () => {
  const paths = NAMES.filter((name) => camelCase(name) in NAMED_PATHS);
  expect(NAMES.filter((name) => !paths.includes(name)).toSorted()).toEqual(NO_PATHS.toSorted());
  expect(paths.map(camelCase).toSorted()).toEqual(Object.keys(NAMED_PATHS).toSorted());
  expect(SETTING_KEYS.filter((key) => isOfProjects(key) && key.name in NAMED_PATHS)).toEqual([]);
});

/** A folder with a fleet file, and a file `shared` in a directory that others can change. */
function aFleet(options: string, cluster = ''): { readonly folder: string; readonly shared: string } {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'team'));
  writeFileSync(join(folder, 'team/shared'), '');
  chmodSync(join(folder, 'team'), 0o757);
  const text = `fleet: shop\ncluster: {${cluster}}\noptions: {${options}}\ngroups: {web: {hosts: [web-1]}}\n`;
  writeFileSync(join(folder, 'fleet.yaml'), text);
  return { folder, shared: join(folder, 'team/shared') };
}

const refused = (what: string, folder: string) => ({
  exitCode: 1,
  stderr: expect.stringMatching(
    new RegExp(`${what}: ${folder}/team can be changed by others[^]*chmod go-w ${folder}/team\n[^]*path-refused`),
  ),
});

const ofFleet = Object.keys(NAMED_PATHS).map((name) => flagOf(name).slice(2));

test.each(ofFleet.filter((name) => FLEET_OPTIONS.includes(name)))(
  'a fleet file cannot name a path for %s that others can change; the command line can',
  async (name) => {
    const { folder, shared } = aFleet(`${name}: team/shared`);
    const words = ['fleet', 'plan'];
    expect(await runCli(words, { cwd: folder })).toMatchObject(refused(name, folder));
    const typed = await runCli([...words, `--${name}`, shared], { cwd: folder });
    expect(typed.stderr).not.toContain('path-refused');
  },
);

test.each(ofFleet.filter((name) => FLEET_CLUSTER.includes(name)))(
  "a fleet file's cluster cannot name a path for %s that others can change",
  async (name) => {
    const { folder } = aFleet('', `${name}: team/shared`);
    expect(await runCli(['fleet', 'plan'], { cwd: folder })).toMatchObject(refused(name, folder));
  },
);

const ofSettings = SETTING_KEYS.filter(({ name }) => name in NAMED_PATHS).map(({ key }) => key);

test.each(ofSettings)("the operator's own file cannot name a path for %s that others can change", async (name) => {
  const { folder, shared } = aFleet('');
  mkdirSync(join(folder, '.config/meshx'), { recursive: true });
  writeFileSync(join(folder, '.config/meshx/config.yaml'), `${name}: ${shared}\n`, { mode: 0o600 });
  const at = { home: folder, cwd: folder };
  expect(await runCli(['up', 'vm', '--dry-run'], at)).toMatchObject(refused(name, folder));
  const typed = await runCli(['up', 'vm', '--dry-run', `--${name}`, shared], at);
  expect(typed.stderr).not.toContain('path-refused');
});

test('a package whose digest the fleet file gives may be where others can change it', async () => {
  const { folder } = aFleet(`package: team/shared, sha256: ${'0'.repeat(64)}`);
  const { stderr } = await runCli(['fleet', 'plan'], { cwd: folder });
  expect(stderr).not.toContain('path-refused');
});

test('an ssh_config is judged with the files that it includes', async () => {
  const { folder, shared } = aFleet('ssh-config: ssh_config');
  writeFileSync(join(folder, 'ssh_config'), `Include ${shared}\n`);
  expect(await runCli(['fleet', 'plan'], { cwd: folder })).toMatchObject(refused('ssh-config', folder));
});

test.each([
  ['the program of an inventory', (shared: string) => [shared, '--list']],
  ['the script that its program runs', (shared: string) => ['/bin/sh', shared]],
])('%s is not started if others can change it', async (_title, command) => {
  const { folder, shared } = aFleet('');
  const proof = join(folder, 'ran');
  writeFileSync(shared, `#!/bin/sh\ntouch ${proof}\necho '{}'\n`);
  chmodSync(shared, 0o755);
  const inventory = `inventory: [{command: ${JSON.stringify(command(shared))}}]\n`;
  writeFileSync(join(folder, 'fleet.yaml'), `fleet: shop\ngroups: {}\n${inventory}`);
  const { stderr, exitCode } = await runCli(['fleet', 'plan'], { cwd: folder });
  expect({ stderr, exitCode }).toMatchObject(refused('inventory', folder));
  expect(() => chmodSync(proof, 0o600)).toThrow('ENOENT');
  chmodSync(join(folder, 'team'), 0o755);
  expect((await runCli(['fleet', 'plan'], { cwd: folder })).stderr).not.toContain('path-refused');
  chmodSync(proof, 0o600);
});

test('a fleet file in a directory that others can change is not used: they could put another one there', async () => {
  const { folder } = aFleet('');
  writeFileSync(join(folder, 'team/fleet.yaml'), 'fleet: shop\ngroups: {}\n', { mode: 0o644 });
  expect(await runCli(['fleet', 'plan', 'team/fleet.yaml'], { cwd: folder })).toMatchObject(
    refused('team/fleet.yaml', folder),
  );
});
