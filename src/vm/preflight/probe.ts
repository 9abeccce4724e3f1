import type { Script } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

/** The binaries of the sidecar, where every package of Istio has them. */
export const SIDECAR_PROGRAMS = ['/usr/local/bin/pilot-agent', '/usr/local/bin/envoy'] as const;

/** Programs that the units and their scripts need. */
export const NEEDED_PROGRAMS = ['awk', 'flock', 'getent', 'ip', 'ss'] as const;

/** Answers of the probe by area, each a list of lines. */
export type Answers = Readonly<Record<string, readonly string[]>>;

const PREFLIGHT = shellFile(new URL('./preflight.root.sh', import.meta.url));

/** The one script of the preflight: everything it wants to know, in one round trip. */
export function preflightScript(port: number, addresses: readonly string[]): Script {
  return { ...PREFLIGHT, args: [String(port), ...addresses] };
}

/** Sorts the lines of an answer by area. Undefined when it is no answer of this script. */
export function parseAnswers(stdout: string): Answers | undefined {
  const areas = new Map<string, string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf('|');
    if (at <= 0) continue;
    const area = line.slice(0, at);
    const said = areas.get(area) ?? [];
    said.push(line.slice(at + 1));
    areas.set(area, said);
  }
  return areas.has('os') || areas.has('machine') ? Object.fromEntries(areas) : undefined;
}

/** The lines of one area; empty when the machine had nothing to say about it. */
export function lines(answers: Answers, area: string): readonly string[] {
  return answers[area] ?? [];
}

/** The first line of one area, trimmed. */
export function first(answers: Answers, area: string): string {
  return (answers[area]?.[0] ?? '').trim();
}
