import type { Host, Output } from '../../host/host.ts';
import { scriptCommand } from '../../host/shell.ts';
import { reconcileProblems } from '../../problems/reconcile.ts';
import { parseFrames } from '../frames.ts';
import { UNDO, UNDO_WITH_PICTURE } from '../undo-shell.ts';
import { FOUND } from './found-shell.ts';
import { parseFound, type UndoFound } from './found.ts';
import { parseJournal, type UndoJournal } from './record.ts';

/** A machine's journal with the state now of everything in it. */
export interface Recorded {
  readonly journal: UndoJournal;
  readonly found: UndoFound;
}

/**
 * One answer as a frame: exit code and length of stdout in a line, then stdout. The x keeps ends of lines that `$()` would
 * take away. File descriptor 3 is the real stdout. What a question that failed said on stderr stands there, with a line
 * behind it that has its number. One process for each question is the least that keeps them apart. LC_ALL=C of the prelude
 * makes `${#}` count bytes.
 */
const ASK = `asked=0
ask() {
  asked=$((asked + 1))
  out=$(trap 'printf x' EXIT; "$@" </dev/null)
  code=$? out=\${out%x}
  printf '%s %s\\n%s' "$code" "\${#out}" "$out" >&3
  test "$code" = 0 || printf '\\nmeshx-asked %s\\n' "$asked" >&2
}
`;

/** Four answers in the frames of frames.ts: README, index, wrote, and what stands now. Only reads. */
const JOURNAL_READ = `${UNDO_WITH_PICTURE}${ASK}place "\${MESHX_UNDO-${UNDO}}" all && J=$R$W || exit
# Whatever else is in the folder above is ours as well: an undo that died while it took the journal away is finished.
readme() { test ! -d "\${J%/*}" || { echo there; file README; }; }
file() { test ! -f "$J/$1" || cat -- "$J/$1"; }
found() {
${FOUND}
}
{ ask readme; ask file index; ask file wrote; ask found; } 3>&1 | base64`;

/**
 * What meshx keeps on the machine about the state before it, and what stands there now, in one round trip. Undefined when
 * meshx never changed the machine, or everything is undone. Throws `undo-journal-damaged`, `probe-failed`,
 * `facts-incomplete`: then nothing may be changed.
 */
export async function readJournal(host: Host, signal?: AbortSignal): Promise<Recorded | undefined> {
  const script = scriptCommand({ name: 'journal-read', text: JOURNAL_READ, args: [] });
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
  // A damaged journal is said first: it explains why what stands now could not be listed.
  const journal = parseJournal({ host: host.name, ...texts });
  if (now.exitCode !== 0) throw failed(host, now);
  return { journal, found: parseFound(host.name, now.stdout) };
}

function failed(host: Host, { exitCode, stderr }: Output) {
  return reconcileProblems.probeFailed({ host: host.name, probe: 'the undo journal', exitCode, stderr });
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [JOURNAL_READ];
