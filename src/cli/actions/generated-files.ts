import { resolve } from 'node:path';
import type { VmFile } from '../../mesh/vm-file.ts';
import type { Input } from '../input.ts';
import { writeFiles } from '../files.ts';
import { formatDocument } from '../print.ts';

/** A generated file, and the command that puts it in its place on the VM. */
interface GeneratedFile extends VmFile {
  readonly install: string;
}

/** The command as it is typed on the VM. */
export function installCommand({ name, place, owner, mode, added }: VmFile): string {
  if (added) return `sudo sh -c "cat ${name} >> ${place}"`;
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
  const made = files.map(({ name, text, mode }) => ({ name, text, mode: Number.parseInt(mode, 8) }));
  const written = await writeFiles(resolve(world.cwd, input.text('out') ?? '.'), made);
  for (const [index, { name, place, install }] of files.entries()) {
    const said = written[index]?.state === 'unchanged' ? 'is up to date' : 'was generated';
    err(`${name} ${said}; on each VM it belongs to ${place}`);
    err(`  ${install}`);
  }
}

/** Formats of the generators; `-` prints the files themselves. */
export const GENERATOR_FORMATS = ['text', 'json', 'yaml', '-'] as const;
