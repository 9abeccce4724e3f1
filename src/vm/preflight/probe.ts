import type { Script } from '../../host/run/shell.ts';
import { shellFile } from '../../text-files.ts';

/** The binaries of the sidecar, in every package of Istio. */
export const SIDECAR_PROGRAMS = ['/usr/local/bin/pilot-agent', '/usr/local/bin/envoy'] as const;

/** Programs that the units and their scripts need. */
export const NEEDED_PROGRAMS = ['awk', 'flock', 'getent', 'ip', 'ss'] as const;

/** Lines of the probe's answer, by area. */
export type Answers = Readonly<Record<string, readonly string[]>>;

const PREFLIGHT = shellFile(new URL('./preflight.root.sh', import.meta.url));

/** The script of the preflight, which reads everything in one round trip; also what the repositories have of a package. */
export function preflightScript(port: number, addresses: readonly string[], wanted = '-'): Script {
  return { ...PREFLIGHT, args: [String(port), wanted, ...addresses] };
}

/** Parses an answer into areas; undefined if this script did not print it. */
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

/** The lines of one area; empty if there are none. */
export function lines(answers: Answers, area: string): readonly string[] {
  return answers[area] ?? [];
}

/** The first line of one area, trimmed. */
export function first(answers: Answers, area: string): string {
  return (answers[area]?.[0] ?? '').trim();
}
