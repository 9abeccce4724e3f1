import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exampleCluster, exampleImage, examplePackage } from '../support/examples.ts';
import { folderState } from '../support/folder-state.ts';
import { runCli, temporaryFolder } from '../support/run-cli.ts';

const setup = (generation: 'current' | 'classic', root: string, ...more: readonly string[]) =>
  runCli([
    ...['setup-vm', 'istio-vm', '--manifests', exampleCluster(generation), '--root', root],
    ...['--package-source', 'none', ...more],
  ]);

/** The example image; for a classic mesh with dnsmasq. */
function image(): string {
  const root = exampleImage();
  cpSync(join(root, 'usr/bin/ip'), join(root, 'usr/sbin/dnsmasq'));
  return root;
}

test.each(['current', 'classic'] as const)(
  'an image without a sidecar is refused in a %s mesh when no package is given',
  async (generation) => {
    const root = image();
    const before = folderState(root);
    const { exitCode, stderr } = await setup(generation, root, '-y');
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('package-needed')]);
    expect(stderr).toContain('/usr/local/bin/pilot-agent and no /usr/local/bin/envoy');
    expect(folderState(root)).toEqual(before);
    const dry = await setup(generation, root, '--dry-run');
    expect([dry.exitCode, dry.stdout + dry.stderr]).toEqual([0, expect.stringContaining('The run itself needs one')]);
  },
);

test('one program that is missing is enough to refuse; with both there no package is needed', async () => {
  const root = image();
  cpSync(examplePackage, root, { recursive: true });
  const envoy = join(root, 'usr/local/bin/envoy');
  rmSync(envoy);
  const refused = await setup('current', root, '-y');
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining('no /usr/local/bin/envoy')]);
  writeFileSync(envoy, '#!/bin/sh\n', { mode: 0o755 });
  expect(await setup('current', root, '-y')).toMatchObject({ exitCode: 0 });
});

test('steps that install nothing need no package', async () => {
  expect(await setup('current', image(), '-y', '--only', 'names')).toMatchObject({ exitCode: 0 });
});

test('every command line of examples/README.md works as it is written', async () => {
  const page = readFileSync(new URL('../../examples/README.md', import.meta.url), 'utf8');
  const lines = /```\n([^`]*)```/.exec(page)?.[1]?.trim().split('\n') ?? [];
  expect(lines.length).toBeGreaterThan(3);
  const cwd = temporaryFolder();
  cpSync(new URL('../../examples', import.meta.url).pathname, join(cwd, 'examples'), { recursive: true });
  for (const line of lines.map((each) => each.replaceAll('/tmp/', `${cwd}/`))) {
    const [program, ...words] = line.split(' ');
    if (program === 'meshx') expect([line, (await runCli(words, { cwd })).exitCode]).toEqual([line, 0]);
    else expect([line, spawnSync('sh', ['-c', line], { cwd }).status]).toEqual([line, 0]);
  }
});
