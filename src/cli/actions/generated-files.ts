import { resolve } from 'node:path';
import type { Input } from '../input.ts';
import { type MadeFile, writeFiles } from '../files.ts';
import { formatDocument } from '../print.ts';

/** A generated file, and where it goes on the VM. */
export interface GeneratedFile extends MadeFile {
  /** Path on the VM. */
  readonly place: string;
  /** The command that puts it there, on the VM. */
  readonly install: string;
}

/** `install` as one types it on the VM. */
export function installCommand(name: string, place: string, [owner, mode]: readonly [string, string]): string {
  return `sudo install -D -o ${owner} -m ${mode} ${name} ${place}`;
}

/**
 * Writes the files, or prints them with --print and `-o -`. Says of each where it belongs and which command installs it.
 * One file is printed as it is; several get a line with their name.
 */
export async function deliver(input: Input, files: readonly GeneratedFile[]): Promise<void> {
  const { world, terminal } = input.call;
  const { out, err } = terminal;
  const format = input.text('output');
  if (format === 'json' || format === 'yaml') {
    out(
      formatDocument(
        { files: files.map(({ name, text, place, install }) => ({ name, place, install, text })) },
        format,
      ),
    );
    return;
  }
  if (input.flag('print') || format === '-') {
    for (const { name, text } of files) out(files.length > 1 ? `# ${name}\n${text}` : text);
    return;
  }
  const written = await writeFiles(resolve(world.cwd, input.text('out') ?? '.'), files);
  for (const [index, { name, place, install }] of files.entries()) {
    const said = written[index]?.state === 'unchanged' ? 'is up to date' : 'was generated';
    err(`${name} ${said}; on each VM it belongs to ${place}`);
    err(`  ${install}`);
  }
}

/** Formats of the generators; `-` prints the files themselves. */
export const GENERATOR_FORMATS = ['text', 'json', 'yaml', '-'] as const;
