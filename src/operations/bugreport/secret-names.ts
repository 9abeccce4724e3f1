/** Parts of names whose values are secrets. */
const PART =
  'passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|account[_-]?key|private[_-]?key|key[_-]data|credential|signature|session[_-]ticket';

/** A name with such a part, as a pattern. */
export const SECRET_NAME = `[A-Za-z0-9_.-]{0,80}(?:${PART})[A-Za-z0-9_.-]{0,40}`;

const IS_SECRET = new RegExp(`^${SECRET_NAME}$`, 'i');

/** Names that end so hold a place, a kind or a time: `secretName`, `token_path`, `JWT_POLICY`. */
const HARMLESS =
  /(?:name|names|path|paths|file|files|policy|audience|audiences|type|types|url|uri|mode|kind|provider|lifetime|ttl|expires|expiry|expiration|expirationseconds|seconds|days|size|count|ref|refs|dir|directory|volume|mount|config|configs|specifier|dns|plugin|service|refreshed|renewed|issued|duration|delay|interval|annotation|label)$/i;

/** Whether the value of this name is a secret. */
export function isSecretName(name: string): boolean {
  return IS_SECRET.test(name) && !HARMLESS.test(name);
}

/** Headers whose values are secrets. */
export const SECRET_HEADER =
  '(?:proxy-)?authorization|(?:set-)?cookie|x-api-key|x-auth-token|x-amz-security-token|x-vault-token|x-goog-iam-authorization-token|x-forwarded-access-token';

const IS_HEADER = new RegExp(`^(?:${SECRET_HEADER})$`, 'i');

/** Whether the value of this header is a secret. */
export function isSecretHeader(name: string): boolean {
  return IS_HEADER.test(name);
}

/** A value that cannot be a secret: a truth value, nothing, an opened object, or a path to where the secret is. */
export function isNoSecret(value: string, name: string): boolean {
  const bare = value.replace(/^["']|["']$/g, '').trim();
  if (/^(?:|true|false|null|none|nil|~|yes|no|\[redacted\]|\[removed: [a-z -]+\])$/i.test(bare)) return true;
  if (/^[[{]/.test(bare)) return true;
  return !/passw|pwd|passphrase/i.test(name) && /^\/(?:var|etc|run|usr|tmp|proc|lib)\/[\w./-]*$/.test(bare);
}
