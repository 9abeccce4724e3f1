import { readdirSync } from 'node:fs';
import type { Problem } from '../src/problems.ts';

type Create = ((details: unknown) => Problem) & { readonly id: string };

/** The Problems of one file of `src/problems/`. */
export interface Catalogue {
  /** The name of the file: `sidecar-package`. */
  readonly area: string;
  readonly problems: readonly Create[];
}

/** Reads all files of `src/problems/`. */
export async function catalogues(): Promise<readonly Catalogue[]> {
  const files = readdirSync(new URL('../src/problems/', import.meta.url)).filter((file) => file.endsWith('.ts'));
  return await Promise.all(
    files.sort().map(async (file) => {
      const module = (await import(`../src/problems/${file}`)) as Record<string, unknown>;
      const tables = Object.values(module).filter((each) => typeof each === 'object' && each !== null);
      const problems = tables.flatMap((table) => Object.values(table).filter(isCreate));
      return { area: file.replace(/\.ts$/, ''), problems };
    }),
  );
}

function isCreate(each: unknown): each is Create {
  return typeof each === 'function' && 'id' in each;
}

/**
 * docs/problems.md with a section for each new Problem, behind the others of its file, and none for one that is gone. All other text and its
 * order stay.
 */
export function problemsPage(page: string, all: readonly Catalogue[]): string {
  const ids = new Set(all.flatMap(({ problems }) => problems.map(({ id }) => id)));
  const blocks = page
    .split(/^(?=###? )/m)
    .map((block) => block.trimEnd())
    .filter((block) => isOf(block, ids));
  for (const { area, problems } of all) addNew(blocks, area, problems);
  return `${blocks.filter((block, index) => !isEmpty(block, blocks[index + 1])).join('\n\n')}\n`;
}

/** The id of a section; undefined for any other block. */
function idOf(block: string): string | undefined {
  return /^### (\S+)/.exec(block)?.[1];
}

function isOf(block: string, ids: ReadonlySet<string>): boolean {
  const id = idOf(block);
  return id === undefined || ids.has(id);
}

/** Whether a heading has no section. */
function isEmpty(block: string, next: string | undefined): boolean {
  return /^## .*$/.test(block) && !next?.startsWith('### ');
}

function addNew(blocks: string[], area: string, problems: readonly Create[]): void {
  const present = new Set(blocks.map(idOf));
  const added = problems.filter(({ id }) => !present.has(id)).map(section);
  if (added.length === 0) return;
  const own = new Set<string | undefined>(problems.map(({ id }) => id));
  const last = blocks.findLastIndex((block) => own.has(idOf(block)));
  if (last < 0) blocks.push(`## ${area}`, ...added);
  else blocks.splice(last + 1, 0, ...added);
}

function section(create: Create): string {
  const details = new Proxy({}, { get: (_target, key) => placeholder(String(key)) });
  const { message, hint } = create(details);
  const plain = (text: string): string =>
    text
      .trim()
      .replaceAll('NaN', 'N')
      .replace(/(?<=[^`])\*/g, '\\*');
  return `### ${create.id}\n\n${plain(message)}\n\n**What to do:** ${plain(hint)}`;
}

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
