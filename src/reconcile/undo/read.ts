import type { Host, Output } from '../../host/run/host.ts';
import { scriptCommand } from '../../host/run/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { parseFrames } from '../frames.ts';
import { parseFound, type UndoFound } from './found.ts';
import { parseJournal, type UndoJournal } from './record.ts';
import { shellFile } from '../../text-files.ts';

/** A machine's journal, with the current state of everything in it. */
export interface Recorded {
  readonly journal: UndoJournal;
  readonly found: UndoFound;
}

const JOURNAL_READ = shellFile(new URL('./journal-read.root.sh', import.meta.url));

/**
 * Reads the journal and the current state of everything in it, in one round trip. Undefined if meshx never changed the machine, or
 * everything is undone. Throws `undo-journal-damaged`, `probe-failed`, `facts-incomplete`; then nothing may be changed.
 */
export async function readJournal(host: Host, signal?: AbortSignal): Promise<Recorded | undefined> {
  const script = scriptCommand({ ...JOURNAL_READ, args: [] });
  const answer = await host.run({ ...script, timeoutMs: 120_000 }, signal);
  if (answer.exitCode !== 0) throw failed(host, answer);
  const frames = parseFrames(answer, 4);
  if (typeof frames === 'string') throw reconcileProblems.factsIncomplete({ host: host.name, detail: frames });
  const [readme, index, wrote, now] = frames;
  if (!readme || !index || !wrote || !now) throw failed(host, answer);
  const unread = [readme, index, wrote].find(({ exitCode }) => exitCode !== 0);
  if (unread) throw failed(host, unread);
  if (readme.stdout === '') return undefined;
  const texts = { readme: readme.stdout.replace(/^there\n/, ''), index: index.stdout, wrote: wrote.stdout };
  // A damaged journal first: it explains why the current state could not be read.
  const journal = parseJournal({ host: host.name, ...texts });
  if (now.exitCode !== 0) throw failed(host, now);
  return { journal, found: parseFound(host.name, now.stdout) };
}

function failed(host: Host, { exitCode, stderr }: Output) {
  return reconcileProblems.probeFailed({ host: host.name, probe: 'the undo journal', exitCode, stderr });
}
