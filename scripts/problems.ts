// Brings docs/problems.md up to the catalogues: a section for each new Problem, none for one that is gone. What is
// under an existing heading stays: people explain more than a message can. Run with: npx tsx scripts/problems.ts
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Problem } from '../src/problems.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const file = `${root}docs/problems.md`;

const AREAS: Readonly<Record<string, string>> = {
  cli: 'The command line',
  mesh: 'Names, numbers and text formats',
  cluster: 'The cluster',
  manifests: 'A folder of manifests instead of a cluster',
  cloud: 'The cloud',
  host: 'Connecting to a machine',
  vm: 'The machine',
  'sidecar-package': 'The sidecar package',
  reconcile: 'Changing a machine',
  lock: 'Several operators, and the record of runs',
  leaving: 'Leaving the mesh',
  membership: 'Identifying a VM in the cluster',
  registration: 'Registration',
  agent: 'The agent on a VM',
  'agent-process': 'The running agent',
};

const INTRO = `# Problems

Every failure that meshx expects has an id, a message that names the things involved, and a hint. The id is at the end of
the message, as \`meshx explain ID\`, and in JSON output as \`problem.id\`; ids do not change. A failure without an id, with
a stack and exit code 70, is a bug in meshx.

Words in capitals are placeholders for the values of your case.
`;

type Create = ((details: unknown) => Problem) & { readonly id: string };

/** Stands for any detail: prints as its name, and behaves like a list of one such value. */
function placeholder(name: string): unknown {
  const word = name.replace(/[A-Z]/g, (letter) => `-${letter}`).toUpperCase();
  return new Proxy([word], {
    get(list, key) {
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'toJSON') return () => word;
      if (key in list && key !== 'slice' && key !== 'at') return Reflect.get(list, key) as unknown;
      const method: unknown = Reflect.get(Object(word) as object, key);
      if (typeof method === 'function') return (...args: unknown[]) => method.apply(word, args) as unknown;
      return placeholder(String(key));
    },
  });
}

function describe(create: Create): string {
  const details = new Proxy({}, { get: (_target, key) => placeholder(String(key)) });
  const { message, hint } = create(details);
  const plain = (text: string): string =>
    text
      .trim()
      .replaceAll('NaN', 'N')
      .replace(/(?<=[^`])\*/g, '\\*');
  return `${plain(message)}\n\n**What to do:** ${plain(hint)}\n`;
}

function sections(): ReadonlyMap<string, string> {
  if (!existsSync(file)) return new Map();
  const parts = readFileSync(file, 'utf8').split(/^### /m).slice(1);
  return new Map(
    parts.map((part) => [
      part.split('\n')[0] ?? '',
      part
        .split('\n')
        .slice(1)
        .join('\n')
        .replace(/^## [\s\S]*/m, '')
        .trim(),
    ]),
  );
}

async function catalogue(name: string): Promise<readonly Create[]> {
  const module = (await import(pathToFileURL(`${root}src/problems/${name}.ts`).href)) as Record<
    string,
    Record<string, Create>
  >;
  return Object.values(module)
    .filter((each) => typeof each === 'object')
    .flatMap((each) => Object.values(each));
}

const present = sections();
const areas = readdirSync(`${root}src/problems`).map((each) => each.replace(/\.ts$/, ''));
const order = [...Object.keys(AREAS), ...areas.filter((area) => !(area in AREAS))].filter((area) =>
  areas.includes(area),
);
let text = INTRO;
for (const area of order) {
  text += `\n## ${AREAS[area] ?? area}\n`;
  for (const create of await catalogue(area)) {
    const kept = process.argv.includes('--anew') ? undefined : present.get(create.id);
    text += `\n### ${create.id}\n\n${(kept ?? describe(create)).trim()}\n`;
  }
}
writeFileSync(file, text);
