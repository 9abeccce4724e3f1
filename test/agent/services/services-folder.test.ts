import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { agreeing } from '../../../src/agent/services/agreeing.ts';
import { parseOnce } from '../../../src/agent/services/parse-once.ts';
import { parseServiceFile } from '../../../src/agent/services/service-file.ts';
import { readServicesFolder } from '../../../src/agent/services/services-folder.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const ME = process.getuid?.() ?? 0;

/** A folder with these files, and what is read from it. */
function folderWith(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = temporaryFolder();
  chmodSync(folder, 0o755);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: 0o644 });
  return folder;
}

const service = (name: string, port: string, rest = '') => `name: ${name}\nports: {${port}}\n${rest}`;
const WEB = service('web', 'http: 8080');
const DB = service('db', 'mysql: 3306');

const summary = async (folder: string, owner = ME) => {
  const { services, refused } = await readServicesFolder(folder, owner);
  return {
    services: services.map(({ name }) => name),
    refused: refused.map(({ file, problem }) => `${file}: ${problem.message}`),
  };
};

test('a file is parsed again only when its text has changed', async () => {
  const folder = folderWith({ 'web.yaml': WEB, 'db.yaml': DB });
  const parse = parseOnce();
  const read = async () => (await readServicesFolder(folder, ME, parse)).services;
  const [db, web] = await read();
  writeFileSync(join(folder, 'web.yaml'), service('web', 'http: 8081'));
  const again = await read();
  expect(again[0]).toBe(db);
  expect(again[1]).toMatchObject({ name: 'web', ports: [{ number: 8081 }] });
  expect(web).toMatchObject({ ports: [{ number: 8080 }] });
});

test('every file ending in .yaml defines a service, and files of editors do not', async () => {
  const folder = folderWith({
    'web.yaml': WEB,
    'db.yaml': DB,
    '.web.yaml.swp': 'x',
    '.x.yaml': 'x',
    'web.yaml~': 'x',
    README: 'x',
  });
  expect(await summary(folder)).toEqual({ services: ['db', 'web'], refused: [] });
});

test('a missing folder has no services', async () => {
  expect(await summary('/nonexistent/services.d')).toEqual({ services: [], refused: [] });
});

test('bad files never stop the others', async () => {
  const folder = folderWith({
    'web.yaml': WEB,
    'broken.yaml': 'name: [',
    'binary.yaml': Buffer.from([0xff, 0x00, 0x80]),
    'large.yaml': `#${'x'.repeat(20_000)}`,
    'other.yaml': DB,
    'open.yaml': service('open', 'a: 1'),
  });
  chmodSync(join(folder, 'open.yaml'), 0o646);
  mkdirSync(join(folder, 'directory.yaml'));
  symlinkSync('web.yaml', join(folder, 'link.yaml'));
  symlinkSync('nowhere', join(folder, 'gone.yaml'));
  execFileSync('mkfifo', ['-m', '600', join(folder, 'pipe.yaml')]);
  const found = await summary(folder);
  expect(found.services).toEqual(['web']);
  expect(found.refused.join('\n')).toBe(
    [
      'binary.yaml: binary.yaml cannot be used: binary.yaml:1:1: it is not UTF-8 text.',
      'broken.yaml: broken.yaml cannot be used: broken.yaml:1:8: Flow sequence in block collection must be sufficiently indented and end with a ].',
      'directory.yaml: directory.yaml is ignored: it is not a regular file.',
      'gone.yaml: gone.yaml is ignored: it is a symbolic link.',
      'large.yaml: large.yaml is ignored: it is larger than 16 KiB.',
      'link.yaml: link.yaml is ignored: it is a symbolic link.',
      'open.yaml: open.yaml is ignored: others than its owner may write it (mode 646).',
      'other.yaml: other.yaml cannot be used: other.yaml:1:1: name: the file of this service is db.yaml.',
      'pipe.yaml: pipe.yaml is ignored: it is not a regular file.',
    ].join('\n'),
  );
});

test("a file of another user is refused, and so is another user's folder", async () => {
  const folder = folderWith({ 'web.yaml': WEB });
  const found = await summary(folder, ME + 1);
  expect(found).toEqual({
    services: [],
    refused: [expect.stringContaining(`belongs to uid ${ME}, not to uid ${ME + 1}`)],
  });
});

test('a folder that others may write defines nothing: a hard link could bring any file into it', async () => {
  const folder = folderWith({ 'web.yaml': WEB });
  linkSync(join(folder, 'web.yaml'), join(folder, 'copy.yaml'));
  chmodSync(folder, 0o777);
  const found = await summary(folder);
  expect(found).toEqual({ services: [], refused: [expect.stringContaining('others than its owner may write it')] });
});

test('files beyond the limit are refused, by name, and the first ones count', async () => {
  const names = Array.from({ length: 70 }, (_, index) => `s${String(index).padStart(2, '0')}`);
  const folder = folderWith(
    Object.fromEntries(names.map((name, index) => [`${name}.yaml`, service(name, `a: ${index + 1}`)])),
  );
  const found = await summary(folder);
  expect(found.services).toEqual(names.slice(0, 64));
  expect(found.refused).toHaveLength(6);
  expect(found.refused[0]).toContain('s64.yaml is ignored: there are more than 64 files');
});

test.each([
  ['the same port', service('b', 'http: 8080'), 'port http: 8080 is already that of a.yaml'],
  ['another weight', service('b', 'x: 1', 'weight: 2'), 'weight 2 differs from 1 in a.yaml'],
  ['another value of a label', service('b', 'x: 1', 'labels: {tier: web}'), 'label tier has another value in a.yaml'],
])('of two files the later one is refused for %s', (_what, second, reason) => {
  const first = parseServiceFile('a.yaml', service('a', 'http: 8080', 'weight: 1\nlabels: {tier: db, a: b}'));
  const third = parseServiceFile('c.yaml', service('c', 'http: 9090', 'weight: 1\nlabels: {tier: db}'));
  const { services, refused } = agreeing([first, parseServiceFile('b.yaml', second), third]);
  expect(services).toEqual([first, third]);
  expect(refused.map(({ file, problem }) => `${file} ${problem.id} ${problem.message}`)).toEqual([
    expect.stringMatching(new RegExp(`^b\\.yaml agent-file-refused b\\.yaml is ignored: ${reason}`)),
  ]);
});
