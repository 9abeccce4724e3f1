import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Failure } from '../attempt.ts';
import { unexpected } from '../fields.ts';

const derive = promisify(pbkdf2);

/** PostgreSQL's default is 4096. A hostile server could ask for years of work. */
const MOST_ITERATIONS = 200_000;

/** A client of SCRAM-SHA-256 without channel binding: RFC 5802, RFC 7677. PostgreSQL ignores the user name in it. */
export class Scram {
  readonly #password: string;
  readonly #first = `n=,r=${randomBytes(18).toString('base64')}`;
  #serverSignature: Buffer = Buffer.alloc(0);

  constructor(password: string) {
    // SASLprep of RFC 4013, without its tables of forbidden characters.
    this.#password = password.normalize('NFKC');
  }

  first(): string {
    return `n,,${this.#first}`;
  }

  /** Returns client-final-message. Throws a Failure if the challenge is no answer to the first message. */
  async final(challenge: string): Promise<string> {
    const attributes = parsed(challenge);
    const [nonce = '', salt = ''] = [attributes.get('r'), attributes.get('s')];
    const iterations = Number(attributes.get('i'));
    if (!nonce.startsWith(this.#first.slice('n=,r='.length)) || salt === '')
      throw unexpected('a wrong SCRAM challenge');
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MOST_ITERATIONS)
      throw unexpected('an iteration count that is not accepted');
    const salted = await derive(this.#password, Buffer.from(salt, 'base64'), iterations, 32, 'sha256');
    const withoutProof = `c=biws,r=${nonce}`;
    const exchange = `${this.#first},${challenge},${withoutProof}`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), exchange);
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), exchange);
    const evidence = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    return `${withoutProof},p=${evidence.toString('base64')}`;
  }

  /** Throws a Failure unless the server knows the password too. */
  verify(outcome: string): void {
    const signature = Buffer.from(parsed(outcome).get('v') ?? '', 'base64');
    const expected = this.#serverSignature;
    if (expected.length === 0 || signature.length !== expected.length || !timingSafeEqual(signature, expected))
      throw new Failure('the server does not know the password');
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function parsed(message: string): ReadonlyMap<string, string> {
  return new Map(message.split(',').map((attribute) => [attribute.slice(0, 1), attribute.slice(2)]));
}
