import { tryJson } from '../../documents/json.ts';
import type { Kind } from '../kind.ts';
import { sameOwnerAndMode } from './owner.ts';
import { WRITE } from './token.ts';

/** A service account's token for the API server. It is delivered while the machine has no valid one; the agent renews it. */
export interface AccountTokenWant {
  readonly kind: 'account-token';
  readonly path: string;
  /** Name of the token in `Sources`. */
  readonly secret: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  readonly mode: string;
  /** `sub` of the token: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly subject: string;
  /** `metadata.uid` of the account; absent before it is made. A token of a former account of the same name is refused. */
  readonly uid?: string;
}

/** Seconds that a token must still be valid: its user must have the time to renew it. */
const LEAST_LIFE = 3600;

/** Nothing in an image: secrets are delivered to the booted machine. */
export const accountToken: Kind<AccountTokenWant> = {
  id: (want) => `account-token:${want.path}`,
  probe: ({ path }) => ({ name: 'account_token', args: [path], sees: path }),
  touches: ({ path }) => ({ paths: [path] }),

  changes(want, answer) {
    const [clock = '', owned = '', claims = ''] = answer.stdout.split('\n');
    if (clock === 'image') return [];
    if (sameOwnerAndMode(owned, want) && isValid(claims, want, Number(clock))) return [];
    const { path, secret, owner, mode } = want;
    const script = { ...WRITE, args: [owner, mode, path, 'token'] };
    return [{ summary: `deliver a token to ${path}`, scripts: [{ script, source: { secret } }] }];
  },
};

/** `claims` is the middle part of the token: RFC 7519, and `kubernetes.io` of k8s.io/kubernetes, pkg/serviceaccount/claims.go. */
function isValid(claims: string, { subject, uid }: AccountTokenWant, now: number): boolean {
  const { sub, exp, 'kubernetes.io': own } = fields(tryJson(Buffer.from(claims, 'base64url').toString('utf8')));
  const { uid: named } = fields(fields(own)['serviceaccount']);
  const isFormer = uid !== undefined && typeof named === 'string' && named !== uid;
  return sub === subject && !isFormer && typeof exp === 'number' && exp > now + LEAST_LIFE;
}

/** Of a value from outside. */
function fields(value: unknown): Readonly<Record<string, unknown>> {
  // as: Object() gives an object for anything, and its values stay unknown.
  return Object(value) as Record<string, unknown>;
}
