import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = new URL('../', import.meta.url).pathname;
const SRC = join(ROOT, 'src');

/** What a folder may import besides itself and `problems.ts`: docs/architecture.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  problems: ['visible.ts', 'shell-words.ts', 'sentence.ts'],
  documents: [],
  mesh: ['problems', 'documents', 'visible.ts', 'present.ts'],
  envoy: ['documents', 'mesh', 'visible.ts'],
  host: ['problems', 'present.ts', 'text-files.ts', 'shell-words.ts'],
  reconcile: ['problems', 'documents', 'host', 'text-files.ts'],
  cluster: ['problems', 'documents', 'mesh', 'host', 'present.ts', 'time-limit.ts'],
  agent: ['problems', 'documents', 'mesh', 'cluster', 'visible.ts', 'present.ts', 'time-limit.ts', 'nearest.ts'],
  vm: [
    ...['problems', 'documents', 'mesh', 'host', 'reconcile'],
    ...['templates.ts', 'text-files.ts', 'present.ts', 'time-limit.ts'],
  ],
  checks: [
    ...['problems', 'documents', 'mesh', 'host', 'reconcile', 'cluster', 'vm'],
    ...['visible.ts', 'shell-words.ts', 'present.ts', 'sentence.ts'],
  ],
  fleet: ['problems', 'documents', 'mesh', 'present.ts', 'nearest.ts'],
  operations: [
    ...['problems', 'documents', 'mesh', 'host', 'reconcile', 'cluster', 'vm', 'envoy', 'checks', 'agent', 'fleet'],
    ...[
      'world.ts',
      'who.ts',
      'secret-variables.ts',
      'text-files.ts',
      'browser-bundle.ts',
      'shell-words.ts',
      'present.ts',
      'time-limit.ts',
    ],
  ],
  cli: [
    ...[
      'problems',
      'documents',
      'mesh',
      'host',
      'reconcile',
      'cluster',
      'vm',
      'envoy',
      'checks',
      'operations',
      'agent',
      'fleet',
    ],
    ...[
      'world.ts',
      'terminal.ts',
      'who.ts',
      'secret-variables.ts',
      'text-files.ts',
      'shell-words.ts',
      'visible.ts',
      'present.ts',
      'nearest.ts',
    ],
  ],
};

/** Packages that reach outside, and the one file that may: changing a library is a change of one file. */
const ONE_OWNER = [
  'ssh2',
  'execa',
  '@google-cloud/compute',
  'http-proxy-agent',
  'https-proxy-agent',
  'socks-proxy-agent',
  'write-file-atomic',
  'google-auth-library',
  'commander',
];

/** What these folders may use: they parse and print, and touch nothing. Certificates are parsed by `node:crypto`. */
const PURE = /^(mesh|documents|problems|envoy|fleet)\//;
const MESH_PACKAGES = ['zod', 'yaml', 'ipaddr.js', 'node:crypto'];

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
const text = (file: string): string => readFileSync(join(SRC, file), 'utf8');

/** All that a file imports, types and lazy imports included. */
function imports(file: string): readonly string[] {
  const found = text(file).matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from '([^']+)'|\bimport\('([^']+)'\)|(?:^|\n)import '([^']+)'/g,
  );
  return [...found].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

function targetFolder(file: string, specifier: string): string {
  return relative(SRC, join(SRC, dirname(file), specifier)).split('/')[0] ?? '';
}

const packageOf = (specifier: string): string =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

/** What each folder imports besides itself: the file or folder directly under src, and the importing file. */
const crossings = files
  .filter((file) => file.includes('/'))
  .flatMap((file) => {
    const folder = file.split('/')[0] ?? '';
    const inside = imports(file).filter((specifier) => specifier.startsWith('.'));
    return inside.map((specifier) => ({ file, folder, specifier, target: targetFolder(file, specifier) }));
  })
  .filter(({ folder, target }) => target !== folder && target !== 'problems.ts');

test('each folder imports only what its line of the table allows', () => {
  const others = crossings.filter(({ folder, target }) => !MAY_IMPORT[folder]?.includes(target));
  expect(others.map(({ file, specifier }) => `${file} → ${specifier}`)).toEqual([]);
});

test('of the cluster, the agent imports what reads and writes objects, and nothing that an operator needs', () => {
  const others = crossings.filter(
    ({ folder, target, specifier }) =>
      folder === 'agent' && target === 'cluster' && !specifier.includes('cluster/api/'),
  );
  expect(others.map(({ file, specifier }) => `${file} → ${specifier}`)).toEqual([]);
});

test('every folder of src has a line in the table of imports', () => {
  const folders = new Set(files.filter((file) => file.includes('/')).map((file) => file.split('/')[0]));
  expect([...folders].filter((folder) => !(folder! in MAY_IMPORT))).toEqual([]);
});

test('formats of the mesh and of Envoy, documents and problems import nothing that does I/O', () => {
  const foreign = files
    .filter((file) => PURE.test(file))
    .flatMap((file) => imports(file).map((specifier) => [file, specifier] as const))
    .filter(([, specifier]) => !specifier.startsWith('.') && !MESH_PACKAGES.includes(specifier));
  expect(foreign).toEqual([]);
});

test.each(ONE_OWNER)('%s is imported by one file', (name) => {
  const owners = files.filter((file) =>
    imports(file).some((specifier) => packageOf(specifier) === name && !isTypeOnly(file, specifier)),
  );
  // commander is the exception of one: its errors get their own exit code.
  const limit = name === 'commander' ? ['cli/program.ts', 'cli/run.ts'] : owners.slice(0, 1);
  expect(owners.filter((file) => !limit.includes(file))).toEqual([]);
});

test('texts from outside are parsed by the one reader in src/documents', () => {
  const parsers =
    /\bJSON\.parse\b|\b(?:parse|parseDocument|parseAllDocuments|Parser|Composer)\b[^;]*from 'yaml'|from 'js-yaml'|\.loadYaml\(/;
  const others = files.filter((file) => parsers.test(text(file)) && !file.startsWith('documents/'));
  // main.ts reads meshx's own package.json, and imports nothing so that it starts fast.
  expect(others).toEqual(['main.ts']);
});

test('process, console and exit belong to main.ts and to adapters', () => {
  const inner = files.filter((file) => /^(mesh|reconcile|vm|checks|cli|agent)\//.test(file));
  expect(
    inner.filter((file) => /\bprocess\.(exit\b|exitCode|stdout|stderr|argv|env|cwd)|console\.\w/.test(text(file))),
  ).toEqual([]);
});

test('no file is longer than 250 lines', () => {
  expect(files.filter((file) => text(file).split('\n').length > 251)).toEqual([]);
});

test('no file or folder is named after nothing', () => {
  const nameless = /(^|[/.-])(utils?|helpers?|managers?|common|misc|handlers?)([/.-]|$)/;
  const all = ['src', 'test', 'scripts'].flatMap((top) =>
    readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' }),
  );
  expect(all.filter((file) => nameless.test(file))).toEqual([]);
});

test('no folder is empty', () => {
  const tops = ['src', 'test', 'scripts', 'templates', 'systemd', 'examples', 'docs'].filter((top) =>
    existsSync(join(ROOT, top)),
  );
  const folders = tops.flatMap((top) =>
    [top, ...readdirSync(join(ROOT, top), { recursive: true, encoding: 'utf8' }).map((file) => join(top, file))].filter(
      (path) => statSync(join(ROOT, path), { throwIfNoEntry: false })?.isDirectory(),
    ),
  );
  expect(folders.filter((folder) => readdirSync(join(ROOT, folder)).length === 0)).toEqual([]);
});

test('no default export, no enum, no any', () => {
  expect(files.filter((file) => /^export default|^(export )?(const )?enum |: any\b|<any>/m.test(text(file)))).toEqual(
    [],
  );
});

/** `import type … from 'ssh2'` leaves nothing in the program. */
function isTypeOnly(file: string, specifier: string): boolean {
  const escaped = specifier.replace(/[/.]/g, '\\$&');
  return (
    new RegExp(`import type [^;]*from '${escaped}'`).test(text(file)) &&
    !new RegExp(`import (?!type)[^;]*from '${escaped}'`).test(text(file))
  );
}

test('a time limit beside another signal is held by withTimeLimit: AbortSignal.any alone lets it be collected', () => {
  const others = files.filter((file) => file !== 'time-limit.ts');
  const mixed = others.filter(
    (file) => text(file).includes('AbortSignal.any(') && text(file).includes('AbortSignal.timeout('),
  );
  expect(mixed).toEqual([]);
});

test('no file imports itself over others, types included', () => {
  expect(circles()).toEqual([]);
});

/** Each circle of imports as the files on it, found by a depth-first search. */
function circles(): readonly (readonly string[])[] {
  const path: string[] = [];
  const left = new Set<string>();
  const visit = (file: string): readonly (readonly string[])[] => {
    if (path.includes(file)) return [path.slice(path.indexOf(file))];
    if (left.has(file)) return [];
    path.push(file);
    const found = importedFiles(file).flatMap(visit);
    path.pop();
    left.add(file);
    return found;
  };
  return files.flatMap(visit);
}

function importedFiles(file: string): readonly string[] {
  const targets = imports(file).filter((specifier) => specifier.startsWith('.'));
  return targets.map((target) => join(dirname(file), target)).filter((target) => files.includes(target));
}

test('use cases know no option of the command line', () => {
  const inner = files.filter((file) => file.startsWith('operations/'));
  expect(inner.filter((file) => /(^|[^-])--[a-z]/.test(text(file)))).toEqual([]);
});

test('the command line knows no remote script: it runs nothing on a VM and sends no file of shell', () => {
  const all = readdirSync(join(SRC, 'cli'), { recursive: true, encoding: 'utf8' });
  expect(all.filter((file) => file.endsWith('.sh'))).toEqual([]);
  const own = files.filter((file) => file.startsWith('cli/'));
  const runs = /host\/run\/|\bshellFiles?\b/;
  expect(own.filter((file) => runs.test(text(file)))).toEqual([]);
});

/** Files that may write the name of a generation: what finds it out, what holds it as data, and the records themselves. */
const NAMES_A_GENERATION = [
  'operations/check/vm-answer.ts',
  'mesh/generation.ts',
  'mesh/cluster-facts.ts',
  'cluster/facts/detect-generation.ts',
  'cluster/facts/current-facts.ts',
  'cluster/facts/classic-facts.ts',
  'cluster/registration/registration-request.ts',
  'cluster/registration/current-endpoint.ts',
  'cluster/facts/current-generation.ts',
  'cluster/facts/classic-generation.ts',
  'vm/generation/classic.ts',
  'vm/generation/current.ts',
  'vm/input.ts',
  'vm/membership.ts',
];

/** The same words with another meaning: a log format, and the package of now. */
const OTHER_MEANING = ['mesh/access-log.ts', 'reconcile/undo/former-package.ts'];

test('what differs between the generations is in their records: no other file compares the name', () => {
  const naming = files.filter((file) => /'(current|classic)'/.test(text(file)));
  const expected = [...OTHER_MEANING, ...NAMES_A_GENERATION];
  expect(naming.filter((file) => !expected.includes(file))).toEqual([]);
  expect(NAMES_A_GENERATION.filter((file) => !naming.includes(file))).toEqual([]);
});
