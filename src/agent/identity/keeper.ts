import { present } from '../../present.ts';
import type { Log } from '../log.ts';
import type { RootAnswer } from '../machine/root.ts';
import { renewalTime, tokenClaims, type TokenFile } from '../report/credential.ts';
import type { EventText } from '../report/events.ts';
import type { Authority } from './authority.ts';
import { type Identity, judgeIdentity } from './identity.ts';
import { identityChange } from './identity-change.ts';
import type { RootsKeeper, RootsStatus } from './roots-keeper.ts';
import { type SidecarCertificate, sidecarCertificate, type Subject } from './sidecar-certificate.ts';

/** Another authority has roots of its own. */
const NOT_OURS: RootsStatus = { isUntrusted: false };

/** How the agent sees and renews the VM's credentials. */
export interface IdentityAccess {
  /** Envoy's page /certs; undefined while it does not answer. */
  readonly certs: (signal: AbortSignal) => Promise<string | undefined>;
  /** The token for istiod that the agent keeps, in case the sidecar needs one. */
  readonly token: TokenFile;
  readonly newToken: (signal: AbortSignal) => Promise<string | undefined>;
  /** End of the token for the API server. */
  readonly apiTokenEnd: () => Date | undefined;
  /** Who gives the sidecar its certificates. */
  readonly authority: () => Promise<Authority>;
  readonly roots: RootsKeeper;
  /** Asks root to install the kept token. */
  readonly install: (signal: AbortSignal) => Promise<RootAnswer>;
  /** Makes an Event on the VM's entry. */
  readonly say: (text: EventText) => void;
  readonly now: () => Date;
  readonly log: Log;
}

/** The VM's identity, as the status shows it. */
export interface IdentityStatus extends Identity {
  readonly certificate?: SidecarCertificate;
  readonly authority: Authority;
  /** What is not as it should be with the mesh's roots, or the connection to istiod. */
  readonly trust?: string;
}

/**
 * Keeps the VM able to rejoin: a token for istiod is on the disk while the API server gives one, and goes to the sidecar when its
 * certificate is missing, has ended or was not renewed.
 */
export class IdentityKeeper {
  readonly #access: IdentityAccess;
  readonly #subject: Subject;
  readonly #observe: boolean;
  #status: IdentityStatus | undefined;
  /** Ends of the token on the disk, and of the one that root installed last. */
  #kept: Date | undefined;
  #installed: Date | undefined;

  constructor(access: IdentityAccess, { subject, observe }: { readonly subject: Subject; readonly observe: boolean }) {
    this.#access = access;
    this.#subject = subject;
    this.#observe = observe;
  }

  /** Undefined before the first pass. */
  get status(): IdentityStatus | undefined {
    return this.#status;
  }

  /** Renews the kept token if it is due, judges the identity, and hands the token to the sidecar if it needs one. Never throws. */
  async pass(signal: AbortSignal): Promise<void> {
    const { now } = this.#access;
    const authority = await this.#access.authority();
    const istioToken = await this.#keepToken(signal);
    const canHelp = istioToken !== undefined && istioToken > now() && !this.#observe;
    if (authority.kind === 'istiod' && !this.#observe)
      await this.#access.roots.pass(signal, async () => (canHelp ? await this.#install(signal) : undefined));
    const before = this.#status;
    this.#status = await this.#judge(authority, istioToken, signal);
    this.#announce(before, this.#status);
    if (canHelp && (this.#status.needsToken !== undefined || this.#isStale(authority, istioToken)))
      await this.#install(signal);
  }

  async #judge(authority: Authority, istioToken: Date | undefined, signal: AbortSignal): Promise<IdentityStatus> {
    const { certs, apiTokenEnd, now, roots } = this.#access;
    const page = await certs(signal);
    const certificate = page === undefined ? undefined : sidecarCertificate(page, this.#subject);
    const apiToken = apiTokenEnd();
    const { issue, isUntrusted } = authority.kind === 'istiod' ? roots.status : NOT_OURS;
    const facts = {
      authority: authority.kind,
      ...present({ certificate, istioToken, apiToken, untrusted: isUntrusted ? issue : undefined }),
    };
    return { ...judgeIdentity(facts, now()), authority, ...present({ certificate, trust: issue }) };
  }

  /** Where a certificate gives no access to the next one, the sidecar always has the newest token. */
  #isStale({ kind }: Authority, istioToken: Date): boolean {
    return (kind === 'external' || kind === 'workload-api') && this.#installed?.getTime() !== istioToken.getTime();
  }

  /** When the kept token ends. Without an API server the one from before stays. */
  async #keepToken(signal: AbortSignal): Promise<Date | undefined> {
    this.#kept = await this.#renewToken(signal);
    return this.#kept;
  }

  async #renewToken(signal: AbortSignal): Promise<Date | undefined> {
    const { token, newToken, now, log } = this.#access;
    const kept = tokenClaims(await token.read().catch(() => ''));
    if ((kept && now() < renewalTime(kept, 0.5)) || this.#observe) return kept?.expires;
    const renewed = await newToken(signal);
    const claims = tokenClaims(renewed ?? '');
    if (renewed === undefined || !claims) return kept?.expires;
    try {
      await token.write(renewed);
    } catch (error) {
      log('istio-token-unwritable', { reason: error instanceof Error ? error.message : String(error) }, 'warning');
      return kept?.expires;
    }
    return claims.expires;
  }

  async #install(signal: AbortSignal): Promise<void> {
    const { outcome, reason } = await this.#access.install(signal);
    if (outcome === 'done' || outcome === 'nothing to do') this.#installed = this.#kept;
    if (outcome === 'nothing to do') return;
    const level = outcome === 'done' ? 'notice' : 'warning';
    this.#access.log('istio-token-installed', { outcome, reason: reason || undefined }, level);
  }

  #announce(before: IdentityStatus | undefined, identity: IdentityStatus): void {
    const { state, reason, until } = identity;
    if (state === (before?.state ?? 'valid')) return;
    const level = state === 'valid' ? 'notice' : state === 'cliff' ? 'warning' : 'error';
    this.#access.log('identity', { state, reason: reason || undefined, until: until?.toISOString() }, level);
    this.#access.say(identityChange(identity, identity.authority.kind));
  }
}
