import type { EventText } from '../report/events.ts';
import type { Identity } from './identity.ts';

const REASON = { valid: 'IdentityValid', cliff: 'IdentityEnds', lost: 'IdentityLost' } as const;

/** The Event of one change of the identity's state: what ends when, and what helps. */
export function identityChange(identity: Identity): EventText {
  const { state } = identity;
  return { reason: REASON[state], type: state === 'valid' ? 'Normal' : 'Warning', note: noteOf(identity) };
}

function noteOf({ state, until, reason }: Identity): string {
  if (state === 'lost') return `The VM cannot rejoin the mesh by itself: ${reason}. Run: meshx rejoin VM`;
  const end = until?.toISOString() ?? 'now';
  if (state === 'cliff') return `The VM can rejoin the mesh by itself only until ${end}: ${reason}`;
  return `The VM can rejoin the mesh by itself until ${end}`;
}
