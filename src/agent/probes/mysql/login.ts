import { Failure } from '../attempt.ts';
import { Fields, unexpected } from '../fields.ts';
import type { Method } from '../method.ts';
import type { Greeting } from './greeting.ts';
import { CAPABILITY, type Packets } from './packet.ts';
import { encrypted, scrambled } from './password.ts';

const OK = 0x00;
const MORE_DATA = 0x01;
const SWITCH = 0xfe;
const FAST_AUTH_OK = 3;
const FULL_AUTH = 4;
const MAX_PACKET = 65_536;
const UTF8MB4 = 45;

type Options = Partial<Pick<Method<'mysql'>, 'tls' | 'user' | 'database' | 'publicKey'>>;

/** Logs in, over TLS if the options say so. Throws a Failure if the server refuses the login. */
export async function login(packets: Packets, greeting: Greeting, options: Options, password: string): Promise<void> {
  const capabilities = flags(options);
  if (options.tls) {
    if ((greeting.capabilities & CAPABILITY.ssl) === 0) throw new Failure('the server does not offer TLS');
    packets.send(opening(capabilities));
    await packets.connection.startTls(options.tls);
  }
  // A plugin that meshx lacks is the server's default, not yet that of this user.
  const isKnown = greeting.plugin === 'mysql_native_password' || greeting.plugin === 'caching_sha2_password';
  const plugin = isKnown ? greeting.plugin : 'mysql_native_password';
  const answer = scrambled(plugin, password, greeting.nonce);
  const text = (value: string): Buffer => Buffer.from(`${value}\0`);
  const parts = [opening(capabilities), text(options.user ?? ''), Buffer.from([answer.length]), answer];
  packets.send(Buffer.concat([...parts, ...(options.database ? [text(options.database)] : []), text(plugin)]));
  await finish(packets, options, { password, nonce: greeting.nonce });
}

function flags({ tls, database }: Options): number {
  const { protocol41, secureConnection, pluginAuth, connectWithDatabase, ssl } = CAPABILITY;
  return protocol41 | secureConnection | pluginAuth | (database ? connectWithDatabase : 0) | (tls ? ssl : 0);
}

/** The first 32 bytes of HandshakeResponse41, which alone are an SSLRequest. */
function opening(capabilities: number): Buffer {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32LE(capabilities, 0);
  bytes.writeUInt32LE(MAX_PACKET, 4);
  bytes[8] = UTF8MB4;
  return bytes;
}

/** Answers what the server asks until it accepts: at most a change of plugin, then one round of full authentication. */
async function finish(packets: Packets, options: Options, secret: { password: string; nonce: Buffer }): Promise<void> {
  let { nonce } = secret;
  for (let round = 0; round < 4; round += 1) {
    const payload = await packets.next();
    const fields = new Fields(payload);
    const kind = fields.little(1);
    if (kind === OK) return;
    if (kind === SWITCH) {
      const plugin = fields.terminated();
      nonce = Buffer.from(fields.bytes(20));
      packets.send(scrambled(plugin, secret.password, nonce));
    } else if (kind === MORE_DATA) {
      const step = fields.little(1);
      if (step === FULL_AUTH) packets.send(await fullAnswer(packets, options, { ...secret, nonce }));
      else if (step !== FAST_AUTH_OK) throw unexpected();
    } else throw unexpected();
  }
  throw unexpected('no end of the login');
}

/** The password itself: only inside verified TLS, or under a key that is known. */
async function fullAnswer(
  { connection }: Packets,
  { publicKey }: Options,
  { password, nonce }: { password: string; nonce: Buffer },
): Promise<Buffer> {
  if (connection.isTrusted) return Buffer.from(`${password}\0`);
  if (publicKey !== undefined) return await encrypted(password, nonce, publicKey);
  throw new Failure('the server asks for the password: set tls with verification, or publicKey');
}
