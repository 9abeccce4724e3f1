import type { EventText } from '../report/events.ts';
import type { AuthorityKind } from './authority.ts';
import type { Identity } from './identity.ts';

const REASON = { valid: 'IdentityValid', cliff: 'IdentityEnds', lost: 'IdentityLost' } as const;

/** What to do when the identity is lost, by who gives the certificates. */
export const REMEDY: Readonly<Record<AuthorityKind, string>> = {
  istiod: "run on the operator's machine: meshx rejoin VM",
  external: "run on the operator's machine: meshx rejoin VM; the CA must accept the token",
  files: 'renew the certificate files: neither istiod nor meshx does it',
  'workload-api': 'look at the SPIFFE agent that gives the certificates',
};

/** The Event of one change of the identity's state: what ends when, and what helps. */
export function identityChange(identity: Identity, kind: AuthorityKind): EventText {
  const { state } = identity;
  return { reason: REASON[state], type: state === 'valid' ? 'Normal' : 'Warning', note: noteOf(identity, kind) };
}

function noteOf({ state, until, reason }: Identity, kind: AuthorityKind): string {
  if (state === 'lost') return `The VM cannot return to the mesh by itself (${reason}); ${REMEDY[kind]}`;
  const end = until?.toISOString() ?? 'now';
  if (state === 'cliff') return `The VM can return to the mesh by itself only until ${end}: ${reason}`;
  return `The VM can return to the mesh by itself until ${end}`;
}
