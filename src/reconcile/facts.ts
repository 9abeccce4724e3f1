import type { Host, Output } from '../host/host.ts';
import { prelude, quote, type Script } from '../host/shell.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { parseFrames } from './frames.ts';
import { kindOf } from './kinds/index.ts';
import type { Resource, Step } from './resource.ts';

/** What the host answered to every probe, by resource id. Raw on purpose: it can be saved and replayed in a test. */
export type Facts = ReadonlyMap<string, Output>;

/**
 * Asks all probes in one round trip, whatever their number. Throws the Problem `probe-failed` when a probe could not look
 * (no sudo, no systemd): that must not be read as "nothing is there".
 */
export async function gatherFacts(steps: readonly Step[], host: Host, signal?: AbortSignal): Promise<Facts> {
  const probes = new Map(steps.flatMap(({ wants }) => wants.map(probe)));
  if (probes.size === 0) return new Map();
  const command = {
    argv: ['sh', '-s', 'meshx-probes'],
    stdin: probesText([...probes.values()]),
    asRoot: true,
  } as const;
  const answer = await host.run({ ...command, timeoutMs: 120_000 }, signal);
  if (answer.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the machine', ...answer });
  const frames = parseFrames(answer.stdout, probes.size);
  if (typeof frames === 'string') throw reconcileProblems.factsIncomplete({ host: host.name, detail: frames });
  const facts = new Map([...probes.keys()].map((id, index) => [id, frames[index] as Output]));
  for (const [id, found] of facts) {
    if (found.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: id, ...found });
  }
  return facts;
}

function probe(want: Resource): [id: string, script: Script] {
  const kind = kindOf(want);
  return [kind.id(want), kind.probe(want)];
}

/**
 * One answer as a frame: exit code and lengths of stdout and stderr in a line, then the two. The x keeps ends of lines that
 * `$()` would take away. File descriptor 3 is the real stdout; stderr is caught by the outer `$()`. LC_ALL=C of the
 * prelude makes `${#}` count bytes.
 */
const ASK = `ask() {
  err=$(
    { out=$( ( "$@" ) </dev/null 2>&4; echo "x$?" ); } 4>&1
    code=\${out##*x} out=\${out%x*}
    printf '%s %s\\n%s' "$code" "\${#out}" "$out" >&3
    echo x
  )
  err=\${err%x}
  printf '%s\\n%s' "\${#err}" "$err"
}
`;

/**
 * The text of each different probe once, as a function, then one line for each question. base64 brings bytes that are not
 * UTF-8 through unharmed; a text that arrives cut off runs nothing, as the main function is not whole.
 */
function probesText(scripts: readonly Script[]): string {
  const texts = [...new Set(scripts.map(({ text }) => text))];
  const functions = texts.map((text, index) => `probe_${index}() {\n${text}\n}\n`).join('');
  const asks = scripts.map(({ text, args }) => ['ask', `probe_${texts.indexOf(text)}`, ...args.map(quote)].join(' '));
  return `${prelude()}${ASK}${functions}main() {\n${asks.join('\n')}\n}\nmain 3>&1 | base64\n`;
}
