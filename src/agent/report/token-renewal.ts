import { setTimeout as delay } from 'node:timers/promises';
import { mapping, text } from '../../mesh/unknown.ts';
import type { Log } from '../log.ts';
import { renewalTime, tokenClaims, tokenRequest, type TokenClaims, type TokenFile } from './credential.ts';
import type { EntryApi } from './entry-api.ts';

export interface TokenRenewalInput {
  readonly api: EntryApi;
  readonly token: TokenFile;
  readonly now: () => Date;
  readonly random: () => number;
  readonly log: Log;
}

/** Milliseconds between two attempts. */
const AGAIN = 30_000;
const LONGEST_SPREAD = 60_000;

/** Renews the token of the agent at half of its life. */
export class TokenRenewal {
  readonly #input: TokenRenewalInput;
  #known: TokenClaims | undefined;
  #due: Date | undefined;
  #busy = false;

  constructor(input: TokenRenewalInput) {
    this.#input = input;
  }

  /** When the token that was read last ends. */
  get expires(): Date | undefined {
    return this.#known?.expires;
  }

  /** Renews the token if it is due. Throws when the file cannot be read or written, or no API server answers. */
  async run(signal: AbortSignal): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    try {
      const claims = await this.#read();
      if (claims === undefined || !this.#isDue(claims)) return;
      await delay(this.#spread(claims), undefined, { signal });
      await this.#renew(claims, signal);
    } finally {
      this.#busy = false;
    }
  }

  async #read(): Promise<TokenClaims | undefined> {
    const claims = tokenClaims(await this.#input.token.read());
    if (claims?.expires.getTime() !== this.#known?.expires.getTime())
      this.#due = claims && renewalTime(claims, this.#input.random());
    this.#known = claims;
    return claims;
  }

  /** Milliseconds. After an outage the renewals of all agents may be due: they are spread over a minute, or a fiftieth of what is left. */
  #spread({ expires }: TokenClaims): number {
    const { now, random } = this.#input;
    return Math.min(LONGEST_SPREAD, (expires.getTime() - now().getTime()) / 50) * random();
  }

  #isDue({ expires }: TokenClaims): boolean {
    const now = this.#input.now();
    return this.#due !== undefined && this.#due <= now && now < expires;
  }

  async #renew(claims: TokenClaims, signal: AbortSignal): Promise<void> {
    const { api, token, now, random, log } = this.#input;
    this.#due = new Date(now().getTime() + AGAIN * (1 + random()));
    const answer = await api.createToken(tokenRequest(claims), signal);
    const renewed = text(mapping(answer.body['status'])['token']);
    if (answer.status !== 201 || renewed === undefined)
      return log('token-renewal-refused', { reason: answer.message }, 'warning');
    await token.write(renewed);
    await this.#read();
    log('token-renewed', { expires: this.expires?.toISOString() });
  }
}
