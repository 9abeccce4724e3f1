import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Metafile {
  readonly outputs: Readonly<
    Record<
      string,
      {
        readonly entryPoint?: string;
        readonly imports: readonly { readonly path: string; readonly kind: string }[];
        readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>>;
      }
    >
  >;
}

/** The sources that a file of the bundle loads at once. */
function sourcesOf({ outputs }: Metafile, entryPoint: string): ReadonlyMap<string, number> {
  const [first = ''] = Object.keys(outputs).filter((path) => outputs[path]?.entryPoint === entryPoint);
  const paths = new Set([first]);
  for (const path of paths)
    for (const { path: next, kind } of outputs[path]?.imports ?? []) if (kind === 'import-statement') paths.add(next);
  const inputs = [...paths].flatMap((path) => Object.entries(outputs[path]?.inputs ?? {}));
  return new Map(inputs.map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
}

/** By a process of its own: the bundler registers a loader. */
const folder = temporaryFolder();
const BUNDLE = `import { bundleProgram } from './scripts/package/executable.mjs';
console.log(JSON.stringify(await bundleProgram(${JSON.stringify(folder)})));`;
const output = execFileSync(process.execPath, ['--input-type=module', '-e', BUNDLE], {
  ...{ cwd: new URL('../../', import.meta.url), encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
});
// as: esbuild's metafile.
const metafile = JSON.parse(output) as Metafile;
const agent = sourcesOf(metafile, 'src/agent/main.ts');

test('a resident agent holds nothing of the command line, of SSH, of root scripts and of clouds in memory', () => {
  expect(agent.has('src/agent/agent.ts')).toBe(true);
  const folders = [...new Set([...agent.keys()].map((path) => path.split('/').slice(0, 2).join('/')))];
  expect(folders.filter((folder) => /^src\/(cli|operations|vm|reconcile|host|checks)$/.test(folder))).toEqual([]);
  const packages = [...agent.keys()].flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  expect(new Set(packages)).toEqual(new Set(['zod', 'yaml', 'fastest-levenshtein']));
});

test('the main script of the executable has the agent, and the command line is a script of its own', () => {
  const [main = '', commands = ''] = ['meshx.cjs', 'commands.cjs'].map((name) =>
    readFileSync(join(folder, name), 'latin1'),
  );
  // A text of each.
  const [agentText, commandText] = ['agent-stopping', 'give VMs that lost their identity new tokens'];
  expect([main.includes(agentText), main.includes(commandText)]).toEqual([true, false]);
  expect([commands.includes(commandText), commands.includes('ssh-userauth')]).toEqual([true, true]);
  expect(main).toMatch(/^[\0-\x7f]+$/);
  // Half of it is the agent's packages: zod is imported as a namespace, as `{ z }` brings all of its languages.
  expect(main.length).toBeLessThan(500_000);
});

test('the first file loads neither the agent nor the command line', () => {
  expect([...sourcesOf(metafile, 'src/main.ts').keys()].filter((path) => path.startsWith('src/'))).toEqual(
    expect.arrayContaining(['src/main.ts']),
  );
  const all = [...sourcesOf(metafile, 'src/main.ts').keys()];
  expect(all.filter((path) => /^(src\/(agent|cli)|node_modules)\//.test(path))).toEqual([]);
});
