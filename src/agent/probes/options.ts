import * as z from 'zod';
import { DURATION_FORM, parseDuration } from '../../mesh/duration.ts';

export const port = z.int().min(1).max(65_535);

export const absolutePath = z
  .string()
  .max(4096)
  .regex(/^(\/[\x21-\x7e]+)+$/, 'must be an absolute path')
  .refine((path) => !path.split('/').some((part) => part === '..' || part === '.'), 'must not contain "." or ".."');

/** Name of a secret that systemd gives to the agent; never the secret itself. */
export const credential = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be the name of a credential: letters, digits, "_", "." and "-"');

const hostName = z.string().regex(/^[A-Za-z0-9]([A-Za-z0-9.:_-]{0,252}[A-Za-z0-9])?$/, 'must be a host name');

/** How a server's certificate is judged. */
export const tlsTrust = z.strictObject({
  /** The name that the certificate must cover, sent as SNI. Without it, the address that is asked. */
  name: hostName.optional(),
  /** PEM file with the authorities to trust, instead of those that Node ships. */
  ca: absolutePath.optional(),
  /** `false` accepts any certificate. Passwords are then not sent in plain text inside TLS, except by redis and ldap. */
  verify: z.boolean().default(true),
});

export type TlsTrust = z.output<typeof tlsTrust>;

export const tls = z
  .preprocess((value) => value ?? {}, tlsTrust)
  .optional()
  .describe('speak TLS');

/** Options of a GET request. */
export const httpOptions = {
  path: z
    .string()
    .max(2000)
    .regex(/^\/[\x21-\x7e]*$/, 'must begin with "/" and contain no spaces')
    .default('/'),
  /** The Host header; without it, the address and the port. */
  host: hostName.optional(),
  /** Status codes that count as ready: `200` or `200-399`. */
  status: z
    .union([z.int(), z.string()], 'must be a status or a range of them, as 200-399')
    .transform((value) => String(value))
    .pipe(z.string().regex(/^[1-5]\d\d(-[1-5]\d\d)?$/, 'must be a status or a range of them, as 200-399'))
    .default('200-399'),
  /** Text that the first 64 KiB of the body must contain. */
  text: z.string().min(1).max(1000).optional(),
};

/** What a server counts as that is up but accepts no writes, or that lags behind. */
const verdict = z.enum(['ok', 'degraded', 'failed']).default('degraded');

/** Kept as text: a method is written to a file exactly as it was read. */
const lag = z.string().refine((text) => parseDuration(text) !== undefined, `must be ${DURATION_FORM}`);

/** How the state of replication counts. Databases tell it only after a login. */
export const replication = {
  /** What a server that accepts no writes counts as. */
  readOnly: verdict,
  /** The lag above which a replica counts as `lagging`. With it, one whose replication stopped does too. */
  maxLag: lag.optional(),
  lagging: verdict,
};

const visible = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\x21-\x7e]*$/, 'must be visible ASCII characters');

export const userName = visible(80);
export const databaseName = visible(64);

/** Not empty: RFC 4513, 5.1.2 lets a bind without a name or password succeed. */
export const distinguishedName = z
  .string()
  .min(1)
  .max(250)
  .regex(/^[\x20-\x7e]*$/, 'must be ASCII characters');

/** A login is optional: without a user, the first answer of the server decides. */
export const login = {
  user: userName.optional(),
  /** The credential with the password. Without it, the password is empty. */
  credential: credential.optional(),
  /** A statement to run after the login. If the server answers with an error, the probe fails; its result is ignored. */
  query: z
    .string()
    .min(1)
    .max(1000)
    .regex(/^[\x20-\x7e]*$/, 'must be one line of ASCII characters')
    .optional(),
};

/** Refines options that work only after a login. */
export function hasUserIfNeeded(
  options: Readonly<Partial<Record<'user' | 'query' | 'maxLag' | 'credential', unknown>>>,
): boolean {
  return options.user !== undefined || (options.query ?? options.maxLag ?? options.credential) === undefined;
}
