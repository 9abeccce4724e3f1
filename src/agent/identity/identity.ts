import type { AuthorityKind } from './authority.ts';
import type { SidecarCertificate } from './sidecar-certificate.ts';

/** The credentials by which istiod and the API server know this VM. */
export interface IdentityFacts {
  /** Undefined: the sidecar does not run, or has none. */
  readonly certificate?: SidecarCertificate;
  /** End of the token for istiod that the agent keeps on the disk. */
  readonly istioToken?: Date;
  /** End of the token for the API server, with which the agent gets new tokens. */
  readonly apiToken?: Date;
  /** istiod unless given. */
  readonly authority?: AuthorityKind;
  /** Why the sidecar cannot connect to istiod again, whatever its credentials are. */
  readonly untrusted?: string;
}

export interface Identity {
  /** `cliff`: everything ends soon, and nothing has renewed it. `lost`: nothing is valid any more: `meshx rejoin`. */
  readonly state: 'valid' | 'cliff' | 'lost';
  /** Until when the VM may be switched off and still rejoin by itself. Undefined: it no longer can. */
  readonly until?: Date;
  /** What ends, and when. Empty while valid. */
  readonly reason: string;
  /** Why the sidecar needs a token now. */
  readonly needsToken?: string;
}

const MINUTE = 60_000;
/** A cliff is announced this long before. Milliseconds. */
const ANNOUNCED = 6 * 60 * MINUTE;
/**
 * pilot-agent renews a certificate at half of its life (SECRET_GRACE_PERIOD_RATIO 0.5, with jitter). One with less than this part left
 * was not renewed.
 */
const OVERDUE = 0.25;

/** Judges the identity. Pure. */
export function judgeIdentity(facts: IdentityFacts, now: Date): Identity {
  const { certificate, authority = 'istiod', untrusted } = facts;
  const need = authority === 'istiod' || authority === 'external' ? tokenNeed(certificate, now) : undefined;
  const needsToken = need === undefined ? {} : { needsToken: need };
  const ends = endsOf(facts).filter((end) => end !== undefined);
  const left = Math.max(...ends.map((end) => end.getTime())) - now.getTime();
  if (untrusted !== undefined) return { state: 'lost', reason: untrusted, ...needsToken };
  if (!(left > 0)) return { state: 'lost', reason: cliffReason(facts, now), ...needsToken };
  const until = new Date(now.getTime() + left);
  if (left < announced(facts)) return { state: 'cliff', until, reason: cliffReason(facts, now), ...needsToken };
  return { state: 'valid', until, reason: '', ...needsToken };
}

/** The ends of what the VM can get its next certificate with. */
function endsOf({ certificate, istioToken, apiToken, authority = 'istiod' }: IdentityFacts) {
  if (isOfOthers(authority)) return [certificate?.until];
  // An external CA may accept tokens only.
  return [istioToken, apiToken, ...(authority === 'istiod' ? [certificate?.until] : [])];
}

/** Neither istiod nor meshx renews the certificate. */
function isOfOthers(authority: AuthorityKind): boolean {
  return authority === 'files' || authority === 'workload-api';
}

/** Others may give certificates that live an hour: only the last part of their life is a cliff. Milliseconds. */
function announced({ certificate, authority = 'istiod' }: IdentityFacts): number {
  if (!isOfOthers(authority) || !certificate) return ANNOUNCED;
  return Math.min(ANNOUNCED, lifeOf(certificate) * OVERDUE);
}

function lifeOf({ from, until }: SidecarCertificate): number {
  return until.getTime() - from.getTime();
}

function tokenNeed(certificate: SidecarCertificate | undefined, now: Date): string | undefined {
  if (!certificate) return 'the sidecar has no certificate';
  const left = certificate.until.getTime() - now.getTime();
  if (left <= 0) return 'the certificate has ended';
  return left < lifeOf(certificate) * OVERDUE
    ? `the certificate was not renewed and ends in ${duration(left)}`
    : undefined;
}

function cliffReason({ certificate, istioToken, apiToken, authority = 'istiod' }: IdentityFacts, now: Date): string {
  const tokens = [
    ['token for istiod', istioToken],
    ['token for the API server', apiToken],
  ] as const;
  const parts = [['certificate', certificate?.until] as const, ...(isOfOthers(authority) ? [] : tokens)];
  return parts.map(([name, end]) => `${name} ${ending(end, now)}`).join(', ');
}

function ending(end: Date | undefined, now: Date): string {
  if (!end) return 'is missing';
  const left = end.getTime() - now.getTime();
  return left > 0 ? `ends in ${duration(left)}` : 'has ended';
}

function duration(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / MINUTE));
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
}
