import type { Host, Output } from '../host/host.ts';
import { scriptCommand, type Script } from '../host/shell.ts';
import { reconcileProblems } from '../problems/reconcile.ts';
import { CALLS, callLine, callsText } from './calls.ts';
import { parseFrames } from './frames.ts';
import { kindOf } from './kinds/index.ts';
import type { Resource, Step } from './resource.ts';
import { sha256 } from './sha256.ts';

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
    ...scriptCommand({ name: 'probes', text: PROBES, args: [] }),
    stdin: probesText([...probes.values()]),
  };
  const answer = await host.run({ ...command, timeoutMs: 120_000 }, signal);
  if (answer.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: 'the machine', ...answer });
  const frames = parseFrames(answer, probes.size);
  if (typeof frames === 'string') {
    throw reconcileProblems.factsIncomplete({ host: host.name, detail: answer.stderr.trim() || frames });
  }
  const facts = new Map([...probes.keys()].map((id, index) => [id, frames[index] as Output]));
  for (const [id, found] of facts) {
    if (found.exitCode !== 0) throw reconcileProblems.probeFailed({ host: host.name, probe: id, ...found });
  }
  return facts;
}

/** Whether two lists of steps ask the machine the very same: the facts of one are those of the other. */
export function sameProbes(one: readonly Step[], other: readonly Step[]): boolean {
  const asked = (steps: readonly Step[]): string =>
    probesText(steps.flatMap(({ wants }) => wants.map((want) => probe(want)[1])));
  return one === other || asked(one) === asked(other);
}

function probe(want: Resource): [id: string, script: Script] {
  const kind = kindOf(want);
  return [kind.id(want), kind.probe(want)];
}

/**
 * One answer as a frame: exit code and length of stdout in a line, then stdout. The x keeps ends of lines that `$()` would
 * take away. File descriptor 3 is the real stdout. What a question that failed said on stderr stands there, with a line
 * behind it that has its number. One process for each question is the least that keeps them apart. LC_ALL=C of the prelude
 * makes `${#}` count bytes.
 */
export const ASK = `asked=0
ask() {
  asked=$((asked + 1))
  out=$(trap 'printf x' EXIT; "$@" </dev/null)
  code=$? out=\${out%x}
  printf '%s %s\\n%s' "$code" "\${#out}" "$out" >&3
  test "$code" = 0 || printf '\\nmeshx-asked %s\\n' "$asked" >&2
}
`;

/**
 * Asks what stdin says: `text DIGEST TEXT` for each different probe once, then `ask DIGEST WORD…` for each question. Where
 * root runs only what it knows ($GATE, set by meshx's root program), a text is one of those that it has, or none. base64
 * brings bytes that are not UTF-8 through unharmed.
 */
export const PROBES = `${ASK}${CALLS}known() { command -v "script_$1" >/dev/null; }
on_line() {
  case $2 in '' | *[!0-9a-f]*) echo 'a digest was expected' >&2; return 1 ;; esac
  case $1 in
  text) known "$2" || { test -z "\${GATE-}" || { echo "the root program of this machine is of another version of meshx: it has no probe $2" >&2; return 1; }; eval "script_$2() {
$3
}"; } ;;
  ask)
    known "$2" || { echo "nobody said what $2 is" >&2; return 1; }
    _id=$2
    shift 2
    ask "script_$_id" "$@" ;;
  *) return 1 ;;
  esac
}
{ calls on_line 3>&1 || echo failed; } | base64
`;

/** Each text once, whatever the number of questions. */
function probesText(scripts: readonly Script[]): string {
  const texts = [...new Set(scripts.map(({ text }) => text))];
  const asks = scripts.map(({ text, args }) => callLine('ask', sha256(text), ...args));
  return callsText([...texts.map((text) => callLine('text', sha256(text), text)), ...asks]);
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [PROBES];
