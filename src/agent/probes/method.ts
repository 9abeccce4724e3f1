import * as z from 'zod';
import * as option from './options.ts';

const NEEDS_USER = 'query, maxLag and credential need a user';
const visible = /^[\x21-\x7e]*$/;

/** Methods whose options are a port and TLS. */
const plain = <Kind extends string>(kind: Kind) =>
  z.strictObject({ kind: z.literal(kind), port: option.port, tls: option.tls });

/** Every method with its options; docs/reference/probes.md describes them. */
const METHODS = [
  /** The server accepts a connection. */
  z.strictObject({ kind: z.literal('tcp'), port: option.port }),
  /** A TLS handshake succeeds. `minDays`: fails if the certificate expires earlier. */
  z.strictObject({
    ...{ kind: z.literal('tls'), port: option.port },
    ...{ ...option.tlsTrust.shape, minDays: z.int().min(0).max(3650).optional() },
  }),
  /** GET over HTTP/1.1, over HTTPS with `tls`. */
  plain('http').extend(option.httpOptions),
  /** GET over HTTP/2: by ALPN with `tls`, by prior knowledge without. */
  plain('http2').extend(option.httpOptions),
  /** grpc.health.v1.Health/Check. The empty service is the whole server. */
  plain('grpc').extend({ service: z.string().max(200).regex(visible).default('') }),
  /** MySQL and MariaDB. `publicKey`: PEM file with the server's RSA key, for caching_sha2_password without TLS. */
  plain('mysql')
    .extend({ ...option.login, ...option.replication })
    .extend({ database: option.databaseName.optional(), publicKey: option.absolutePath.optional() })
    .refine(option.hasUserIfNeeded, NEEDS_USER),
  plain('postgresql')
    .extend({ ...option.login, ...option.replication, database: option.databaseName.default('postgres') })
    .refine(option.hasUserIfNeeded, NEEDS_USER),
  /** PING, then INFO replication. `user` is for servers with ACLs. */
  plain('redis').extend({
    ...{ user: option.userName.optional(), credential: option.credential.optional() },
    ...option.replication,
  }),
  /** hello. A secondary is read-only. */
  plain('mongodb').extend({ readOnly: option.replication.readOnly }),
  /** AMQP 0-9-1: the server answers the protocol header with Connection.Start. */
  plain('amqp'),
  /** ApiVersions. */
  plain('kafka'),
  /** GET /health: the member reports that it is healthy. */
  plain('etcd'),
  /** The 220 greeting, EHLO and QUIT. */
  plain('smtp'),
  /** A bind, anonymous without `dn`, and a search of the root DSE. */
  plain('ldap')
    .extend({ dn: option.distinguishedName.optional(), credential: option.credential.optional() })
    .refine(({ dn, credential }) => (dn === undefined) === (credential === undefined), 'dn and credential go together'),
  /** A query for `name`: the answer has this rcode. */
  z.strictObject({
    ...{ kind: z.literal('dns'), port: option.port },
    name: z
      .string()
      .regex(/^(?=.{1,253}$)([A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}\.?$|^\.$/, 'must be a domain name'),
    type: z.enum(['A', 'AAAA', 'NS', 'SOA', 'MX', 'TXT', 'SRV']).default('A'),
    rcode: z.enum(['NOERROR', 'NXDOMAIN', 'REFUSED']).default('NOERROR'),
    over: z.enum(['tcp', 'udp', 'both']).default('both'),
  }),
  /** The systemd unit is active. */
  z.strictObject({
    kind: z.literal('unit'),
    name: z
      .string()
      .max(255)
      .regex(
        /^[A-Za-z0-9_][A-Za-z0-9:_.\\@-]*\.(service|socket|target|timer|mount|path|slice|scope)$/,
        'must be the name of a unit with its suffix, as mariadb.service',
      ),
  }),
  /** A program that exits with 0: an absolute path and arguments, without a shell. */
  z.strictObject({
    kind: z.literal('exec'),
    command: z
      .tuple(
        [option.absolutePath],
        z
          .string()
          .max(4096)
          .regex(/^[^\0]*$/, 'must not contain NUL'),
      )
      .refine((argv) => argv.length <= 64, 'must have at most 64 arguments'),
  }),
] as const;

/** The name of each method in a file. */
export const METHOD_KINDS: readonly string[] = METHODS.map((schema) => schema.shape.kind.value);
const Methods = z.discriminatedUnion('kind', METHODS, { error: `must have exactly one of ${METHOD_KINDS.join(', ')}` });

/**
 * Returns the schema of a mapping with exactly one method, `{mysql: {port: 3306}}`, which parses to a ProbeMethod. A method without
 * options may be empty (`tcp:`). `firstPort` is the port that is asked when the options name none.
 */
export function probeMethodSchema(firstPort: number) {
  return z.preprocess((value) => flat(value, firstPort), Methods);
}

/** How a service is asked whether it is ready: `kind` names the protocol, the rest are its options. */
export type ProbeMethod = z.output<typeof Methods>;

/** The options of one protocol. */
export type Method<Kind extends ProbeMethod['kind']> = Extract<ProbeMethod, { kind: Kind }>;

/** {mysql: {port: 1}} → {kind: 'mysql', port: 1}; anything else is left for the schema to refuse. */
function flat(value: unknown, firstPort: number): unknown {
  const given = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  const [[kind, options] = ['', undefined]] = given;
  const isMapping =
    options === null || (typeof options === 'object' && !Array.isArray(options) && !('kind' in options));
  if (given.length !== 1 || !isMapping) return undefined;
  return kind === 'unit' || kind === 'exec' ? { ...options, kind } : { port: firstPort, ...options, kind };
}
