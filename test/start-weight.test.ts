import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What takes longer to load than `--help` and a completion take to print. */
const HEAVY = ['zod', 'yaml', 'ws', 'ssh2', '@google-cloud/compute', 'tar-stream', 'execa'];

/** The packages that are loaded with a file, without those that it asks for later. */
async function packagesOf(entry: string): Promise<readonly string[]> {
  const { metafile } = await build({
    ...{
      entryPoints: [entry],
      absWorkingDir: root,
      outdir: '/nowhere',
      write: false,
      metafile: true,
      loader: { '.sh': 'text' },
    },
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'silent' },
  });
  const outputs = Object.entries(metafile.outputs);
  const [first] = outputs.find(([, { entryPoint }]) => entryPoint === entry) ?? [];
  const left = [first ?? ''];
  const packages = new Set<string>();
  for (const path of left)
    for (const { path: target, kind, external } of metafile.outputs[path]?.imports ?? [])
      if (kind !== 'import-statement') continue;
      else if (external === true) packages.add(target);
      else if (!left.includes(target)) left.push(target);
  return [...packages];
}

test.each(['src/start.ts', 'src/cli/program.ts', 'src/cli/actions/completion.ts'])(
  '%s loads no parser and no client: a command line is ready before they are',
  async (entry) => {
    const packages = await packagesOf(entry);
    expect(packages).not.toEqual([]);
    expect(packages.filter((name) => HEAVY.includes(name))).toEqual([]);
  },
);
