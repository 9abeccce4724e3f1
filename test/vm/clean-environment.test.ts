import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../support/temporary-folder.ts';

jest.setTimeout(60_000);

const SYSTEMD = fileURLToPath(new URL('../../systemd/', import.meta.url));
/** Runs as istio-proxy; see sidecar-start.test.ts. */
const NOT_ROOT = ['sidecar-start'];
const PROGRAMS = readdirSync(SYSTEMD).filter(
  (name) => !NOT_ROOT.includes(name) && statSync(join(SYSTEMD, name)).mode & 0o100,
);
/** All that these scripts start, and the builtins that bash lets a caller replace. */
const NAMES = [
  'env',
  'mkdir',
  'ss',
  'awk',
  'sed',
  'grep',
  'cat',
  'id',
  'systemctl',
  'iptables',
  'iptables-save',
  'nft',
  'ip',
];

test.each(PROGRAMS)('%s takes nothing from the environment of its caller', (name) => {
  const folder = temporaryFolder();
  const [evil, root, ran] = [join(folder, 'evil'), join(folder, 'root'), join(folder, 'ran')];
  mkdirSync(evil);
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  const script = `#!/bin/sh\necho "$0" >>${ran}\n`;
  for (const each of NAMES) {
    writeFileSync(join(evil, each), script);
    chmodSync(join(evil, each), 0o755);
  }
  writeFileSync(join(evil, 'start'), script);
  // A program of this root prints what it was given.
  const seen = join(folder, 'seen');
  for (const each of ['ss', 'iptables-save', 'ip', 'mkdir']) {
    writeFileSync(join(root, 'usr/local/bin', each), `#!/bin/sh\n/usr/bin/env >${seen}\nexec /bin/${each} "$@"\n`);
    chmodSync(join(root, 'usr/local/bin', each), 0o755);
  }
  const env = {
    PATH: evil,
    MESHX_ROOT: evil,
    BASH_ENV: join(evil, 'start'),
    ENV: join(evil, 'start'),
    IFS: '/',
    CDPATH: evil,
    XTABLES_LIBDIR: evil,
    HOME: evil,
    'BASH_FUNC_mkdir%%': `() { echo function >>${ran}; }`,
  };
  for (const verb of ['status', 'view', 'none']) {
    try {
      execFileSync('/bin/sh', [join(SYSTEMD, name), '--root', root, verb], { env, stdio: 'ignore', timeout: 20_000 });
    } catch {
      // What it answers is not the question.
    }
  }
  expect(existsSync(ran) ? readFileSync(ran, 'utf8') : '').toBe('');
  if (existsSync(seen)) {
    const given = readFileSync(seen, 'utf8')
      .split('\n')
      .map((line) => line.split('=', 1)[0]);
    for (const key of Object.keys(env).filter((each) => each !== 'PATH')) expect(given).not.toContain(key);
  }
  expect(readdirSync(evil).sort()).toEqual([...NAMES, 'start'].sort());
});

test('every program that systemd runs as root clears its environment before anything else', () => {
  expect(PROGRAMS.length).toBeGreaterThanOrEqual(3);
  for (const name of PROGRAMS) {
    const [first] = readFileSync(join(SYSTEMD, name), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    // It has nothing else to do.
    const isPlain = name === 'meshx-agent';
    expect([name, first]).toEqual([
      name,
      isPlain ? expect.stringMatching(/^exec \/usr\/bin\/env -i /) : 'case ${1-} in',
    ]);
  }
});
