import type { ClassicRelease } from './cluster-facts.ts';
import { parseEnv } from './env-value.ts';

type EnvFile = 'cluster.env' | 'sidecar.env';

/** Who reads the two files: meshx's units, the start script of today's package, or that of a classic release. */
export type EnvReader = 'meshx' | 'istio-start' | ClassicRelease;

/** The same key with two values. */
export interface EnvConflict {
  readonly key: string;
  readonly clusterEnv: string;
  readonly sidecarEnv: string;
  readonly winner: EnvFile;
}

/** Read by istio-iptables.sh, which to 1.2 loaded sidecar.env last, whatever the start script did (istio-classic.md 5.5). */
const CAPTURE_KEYS = /^ISTIO_(SERVICE_CIDR|SERVICE_EXCLUDE_CIDR|INBOUND_|LOCAL_)|^ENVOY_(PORT|USER)$/;

/** Which file wins for a key. meshx's own units load sidecar.env last, so that a machine can differ from its cluster. */
export function winner(key: string, reader: EnvReader): EnvFile {
  if (reader === 'meshx' || reader === '0.2') return 'sidecar.env';
  if (reader === 'istio-start' || reader === '1.5') return 'cluster.env';
  return CAPTURE_KEYS.test(key) ? 'sidecar.env' : 'cluster.env';
}

/** Keys that stand in both files with different values, sorted by key, with the value that counts. */
export function envConflicts(clusterEnv: string, sidecarEnv: string, reader: EnvReader): readonly EnvConflict[] {
  const cluster = parseEnv(clusterEnv);
  const conflicts = [...parseEnv(sidecarEnv)].flatMap(([key, value]) => {
    const other = cluster.get(key);
    if (other === undefined || other === value) return [];
    return [{ key, clusterEnv: other, sidecarEnv: value, winner: winner(key, reader) }];
  });
  return conflicts.sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** One line for people: which value counts, and which does not. */
export function formatConflict(conflict: EnvConflict): string {
  const { key, clusterEnv, sidecarEnv, winner: file } = conflict;
  const [counts, ignored, other] =
    file === 'sidecar.env' ? [sidecarEnv, clusterEnv, 'cluster.env'] : [clusterEnv, sidecarEnv, 'sidecar.env'];
  return `${key}: ${file} wins with ${JSON.stringify(counts)}; ${JSON.stringify(ignored)} in ${other} has no effect`;
}
