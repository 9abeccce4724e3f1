import type { SidecarCertificate } from './sidecar-certificate.ts';

/** The credentials by which istiod and the API server know this VM. */
export interface IdentityFacts {
  /** Undefined: the sidecar does not run, or has none. */
  readonly certificate?: SidecarCertificate;
  /** End of the token for istiod that the agent keeps on the disk. */
  readonly istioToken?: Date;
  /** End of the token for the API server, with which the agent gets new tokens. */
  readonly apiToken?: Date;
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
  const need = tokenNeed(facts.certificate, now);
  const needsToken = need === undefined ? {} : { needsToken: need };
  const ends = [facts.certificate?.until, facts.istioToken, facts.apiToken].filter((end) => end !== undefined);
  const left = Math.max(...ends.map((end) => end.getTime())) - now.getTime();
  if (!(left > 0)) return { state: 'lost', reason: cliffReason(facts, now), ...needsToken };
  const until = new Date(now.getTime() + left);
  if (left < ANNOUNCED) return { state: 'cliff', until, reason: cliffReason(facts, now), ...needsToken };
  return { state: 'valid', until, reason: '', ...needsToken };
}

function tokenNeed(certificate: SidecarCertificate | undefined, now: Date): string | undefined {
  if (!certificate) return 'the sidecar has no certificate';
  const left = certificate.until.getTime() - now.getTime();
  const life = certificate.until.getTime() - certificate.from.getTime();
  if (left <= 0) return 'the certificate has ended';
  return left < life * OVERDUE ? `the certificate was not renewed and ends in ${duration(left)}` : undefined;
}

function cliffReason({ certificate, istioToken, apiToken }: IdentityFacts, now: Date): string {
  const parts = [
    ['certificate', certificate?.until],
    ['token for istiod', istioToken],
    ['token for the API server', apiToken],
  ] as const;
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
