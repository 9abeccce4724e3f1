import { type Bench, ISTIOD } from './bench.ts';
import type { Spawned } from './inside/protocol.ts';
import type { TimingsDocument } from './record.ts';
import type { Vm } from './vms.ts';

/** Arguments of `meshx up` for the database of these machines. */
export function upWords({ lab }: Bench, namespace: string, vms: readonly Vm[]): readonly string[] {
  return [...upInstalledWords(namespace, vms), '--package', lab.deb];
}

/** The same for machines on which the package is installed already. */
export function upInstalledWords(namespace: string, vms: readonly Vm[]): readonly string[] {
  return [
    ...['up', ...vms.map(({ name }) => name), '-n', namespace, '--workload-group', 'db', '--service', 'db:3306'],
    ...['--istiod-address', ISTIOD, '--parallel', '8', '--yes'],
  ];
}

/** Runs meshx at the operator's seat. */
export async function runMeshx(bench: Bench, words: readonly string[], limitMs = 120_000): Promise<Spawned> {
  return await runProgram(bench, [...bench.meshx, ...words], limitMs);
}

/** Runs any program there, such as the packaged executable. */
export async function runProgram({ inside, lab }: Bench, argv: readonly string[], limitMs = 120_000): Promise<Spawned> {
  return await inside.spawn({ argv, cwd: lab.home, limitMs, memory: true });
}

/** What `--timings -o json` wrote to stderr; undefined for nothing. */
export function timingsOf({ stderr }: Spawned): TimingsDocument | undefined {
  const line = stderr.split('\n').find((each) => each.startsWith('{"timings":'));
  // as: written by src/cli/timings.ts.
  return line === undefined ? undefined : (JSON.parse(line) as { readonly timings: TimingsDocument }).timings;
}
