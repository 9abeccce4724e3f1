import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { tryJson } from '../../documents/json.ts';
import { mapping } from '../../mesh/unknown.ts';

/** The file of a token of the VM's account. It is a secret of mode 0600. */
export interface TokenFile {
  /** The token as it is now. Throws when there is none. */
  read(): Promise<string>;
  /** Replaces the file atomically: a reader gets the old token or the new one. */
  write(token: string): Promise<void>;
}

/** What a token says about itself. */
export interface TokenClaims {
  readonly issued: Date;
  readonly expires: Date;
  readonly audiences: readonly string[];
}

/** Base64url in three parts: RFC 7519. */
const JWT = /^[\w-]{1,4096}\.[\w-]{1,12288}\.[\w-]{1,4096}$/;
const LONGEST = 20 * 1024;

/** The token file at a path, in a directory of the agent's own. */
export function tokenFile(path: string): TokenFile {
  return {
    async read() {
      const text = (await readFile(path, 'utf8')).slice(0, LONGEST).trim();
      if (!JWT.test(text)) throw new Error('the token file holds no token');
      return text;
    },
    async write(token) {
      if (!JWT.test(token)) throw new Error('this is no token');
      const next = join(dirname(path), `.${basename(path)}.new`);
      // A run that died may have left it.
      await rm(next, { force: true });
      try {
        await writeNew(next, `${token}\n`);
        await rename(next, path);
      } catch (error) {
        await rm(next, { force: true });
        throw error;
      }
    },
  };
}

async function writeNew(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads the claims without verifying them: the API server does that. Undefined for any other text. */
export function tokenClaims(token: string): TokenClaims | undefined {
  const claims = mapping(tryJson(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')));
  const { iat, exp, aud } = claims;
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat) return undefined;
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((each) => typeof each === 'string');
  return { issued: new Date(iat * 1000), expires: new Date(exp * 1000), audiences };
}

/** When a token is renewed: at half of its life, up to a tenth of it earlier or later. `random` is from 0 to 1. */
export function renewalTime({ issued, expires }: TokenClaims, random: number): Date {
  const life = expires.getTime() - issued.getTime();
  return new Date(issued.getTime() + life * (0.4 + 0.2 * random));
}

/** The limits of the API server and of the policy, in seconds. */
const LEAST_SECONDS = 600;
const MOST_SECONDS = 604_800;

/** A TokenRequest for a token like the one that it replaces: the same audiences, the same life. */
export function tokenRequest({ issued, expires, audiences }: TokenClaims): Readonly<Record<string, unknown>> {
  return request(audiences, Math.round((expires.getTime() - issued.getTime()) / 1000));
}

/** A TokenRequest for a token that istiod accepts from a VM without a certificate, for as long as the policy allows. */
export function istioTokenRequest(): Readonly<Record<string, unknown>> {
  return request(['istio-ca'], MOST_SECONDS);
}

function request(audiences: readonly string[], life: number): Readonly<Record<string, unknown>> {
  const expirationSeconds = Math.min(MOST_SECONDS, Math.max(LEAST_SECONDS, life));
  return {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { audiences: [...audiences], expirationSeconds },
  };
}
