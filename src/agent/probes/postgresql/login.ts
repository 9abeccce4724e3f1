import { createHash } from 'node:crypto';
import { Failure } from '../attempt.ts';
import type { Connection } from '../connection.ts';
import { type Fields, unexpected } from '../fields.ts';
import { encoded, next, texts } from './message.ts';
import { Scram } from './scram.ts';

/** Codes of the message Authentication. */
const [OK, CLEARTEXT, MD5, SASL, SASL_CONTINUE, SASL_FINAL] = [0, 3, 5, 10, 11, 12] as const;

/** Answers what the server asks for until it accepts. Throws a Failure if it refuses, or asks for what would give the password away. */
export async function login(connection: Connection, first: Fields, user: string, password: string): Promise<void> {
  const scram = new Scram(password);
  let fields = first;
  for (let round = 0; round < 5; round += 1) {
    const code = fields.big(4);
    if (code === OK) return;
    const body = await answer(code, fields, { connection, scram, user, password });
    if (body) connection.write(encoded('p', body));
    const message = await next(connection);
    if (message.type !== 'R') throw unexpected();
    fields = message.fields;
  }
  throw unexpected('no end of the login');
}

interface Login {
  readonly connection: Connection;
  readonly scram: Scram;
  readonly user: string;
  readonly password: string;
}

async function answer(code: number, fields: Fields, by: Login): Promise<Buffer | undefined> {
  if (code === MD5) return texts(md5Answer(by.user, by.password, fields.bytes(4)));
  if (code === SASL) return saslStart(fields, by.scram);
  if (code === SASL_CONTINUE) return Buffer.from(await by.scram.final(fields.rest().toString()));
  if (code === SASL_FINAL) return void by.scram.verify(fields.rest().toString());
  if (code !== CLEARTEXT)
    throw new Failure(`the server asks for authentication method ${code}, which is not supported`);
  if (!by.connection.isTrusted) throw new Failure('the server asks for the password: set tls with verification');
  return texts(by.password);
}

/** "md5" and the hash of the salted hash of password and user (PostgreSQL, "Message Flow"). */
function md5Answer(user: string, password: string, salt: Buffer): string {
  const md5 = (...parts: readonly (string | Buffer)[]): string => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest('hex');
  };
  return `md5${md5(md5(password, user), salt)}`;
}

/** SASLInitialResponse: mechanism, length, the first message of SCRAM. */
function saslStart(fields: Fields, scram: Scram): Buffer {
  const offered = fields.rest().toString('latin1').split('\0');
  if (!offered.includes('SCRAM-SHA-256')) throw new Failure('the server offers no SASL mechanism that is supported');
  const first = Buffer.from(scram.first());
  const length = Buffer.alloc(4);
  length.writeInt32BE(first.length);
  return Buffer.concat([texts('SCRAM-SHA-256'), length, first]);
}
