import { parseDuration } from '../../mesh/duration.ts';
import type { ProbeDetails, ProbeResult } from './probe.ts';

/** What a server says about itself and its replication. */
export interface Role {
  readonly name: 'primary' | 'replica' | 'read-only';
  readonly isReadOnly: boolean;
  /** Of a replica: whether it receives and applies changes. */
  readonly isRunning?: boolean;
  /** Of a replica: seconds behind; undefined when the server does not report it. */
  readonly lagSeconds?: number | undefined;
  readonly version?: string;
}

export interface ReplicationPolicy {
  readonly readOnly: ProbeResult['outcome'];
  /** A duration, as `10s`. */
  readonly maxLag?: string | undefined;
  readonly lagging: ProbeResult['outcome'];
}

const BY_SEVERITY = ['ok', 'degraded', 'failed'] as const;

/** Judges a role: the worse of what a read-only server and a lagging replica count as. */
export function roleResult(role: Role, policy: ReplicationPolicy): ProbeResult {
  const issue = role.name === 'replica' ? lagIssue(role, policy.maxLag) : undefined;
  const verdicts = [role.isReadOnly ? policy.readOnly : 'ok', issue ? policy.lagging : 'ok'] as const;
  const severity = Math.max(...verdicts.map((verdict) => BY_SEVERITY.indexOf(verdict)));
  return {
    outcome: BY_SEVERITY[severity] ?? 'failed',
    reason: issue ? `${role.name}, ${issue}` : role.name,
    details: detailsOf(role),
  };
}

function lagIssue({ isRunning, lagSeconds }: Role, maxLag: string | undefined): string | undefined {
  if (isRunning === false) return 'replication is not running';
  if (maxLag === undefined) return undefined;
  if (lagSeconds === undefined) return 'lag unknown';
  return lagSeconds * 1000 > (parseDuration(maxLag) ?? 0) ? `${lagSeconds} s behind` : undefined;
}

function detailsOf({ name, version, lagSeconds }: Role): ProbeDetails {
  return { role: name, ...(version ? { version } : {}), ...(lagSeconds === undefined ? {} : { lagSeconds }) };
}
