import { readFileSync } from 'node:fs';
import { Agent as HttpAgent, type OutgoingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, type RequestOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import { clusterProblems } from '../../../problems/cluster.ts';
import { text } from '../../../mesh/unknown.ts';
import { errorName, errorText } from '../foreign-error.ts';
import type { ApiServerPlace } from '../kubernetes.ts';
import { PluginMissing } from './exec-plugin.ts';
import { dataOrFile, identitySource, impersonation } from './identity.ts';
import type { Identity, IdentitySource } from './identity-source.ts';
import type { Entry } from './kubeconfig-file.ts';
import type { Fields } from './kubeconfig-fields.ts';
import { proxyAgent } from './proxy.ts';

export interface ApiPlace {
  /** Name of the context. */
  readonly name: string;
  /** The namespace that the context names. */
  readonly namespace?: string;
  readonly server: URL;
  readonly proxy?: URL;
  readonly cluster: Entry;
  readonly user: Entry;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (text: string) => void;
  readonly timeoutMs: number;
}

/** Address and identity for one context: what all of its requests share. */
export class ApiConnection {
  readonly name: string;
  readonly namespace?: string;
  readonly server: URL;
  readonly #place: ApiPlace;
  readonly #identify: IdentitySource;
  #made: { readonly options: Promise<RequestOptions>; until: number } | undefined;

  constructor(place: ApiPlace) {
    this.name = place.name;
    if (place.namespace !== undefined) this.namespace = place.namespace;
    this.server = place.server;
    this.#place = place;
    const world = {
      env: place.env,
      say: place.say,
      timeoutMs: place.timeoutMs,
      cluster: () => clusterInfo(place.cluster.fields),
    };
    // Credentials are for encrypted connections only, as with kubectl.
    this.#identify = place.server.protocol === 'https:' ? identitySource(place.user, world) : () => Promise.resolve({});
  }

  /** Certificates, headers and agent for a request. Runs the exec plugin if there is one. Throws Problems. */
  async options(signal: AbortSignal): Promise<RequestOptions> {
    if (this.#made === undefined || this.#made.until <= Date.now()) {
      const made = { until: Number.POSITIVE_INFINITY, options: this.#make(signal, (until) => (made.until = until)) };
      this.#made = made;
    }
    const { options } = this.#made;
    try {
      return await options;
    } catch (error) {
      this.forget();
      throw error;
    }
  }

  /** Server and certificate authority, without any credential. */
  async place(): Promise<ApiServerPlace> {
    const ca = await dataOrFile(this.#place.cluster.fields, 'certificate-authority');
    return { server: this.server, ...(ca && { ca: ca.toString('utf8') }) };
  }

  /** Makes the next request identify again, because the API server no longer accepts the identity. */
  forget(): void {
    this.#made = undefined;
  }

  async #make(signal: AbortSignal, untilIs: (until: number) => void): Promise<RequestOptions> {
    try {
      const identity = await this.#identify(signal);
      if (identity.until !== undefined) untilIs(identity.until);
      return await this.#optionsOf(identity);
    } catch (error) {
      if (/^(Abort|Timeout)Error$/.test(errorName(error)) || errorName(error) === 'Problem') throw error;
      const hint = error instanceof PluginMissing ? error.hint : undefined;
      throw clusterProblems.credentialsFailed({ context: this.name, reason: errorText(error), hint }, error);
    }
  }

  async #optionsOf({ authorization, cert, key }: Identity): Promise<RequestOptions> {
    const { server, proxy, cluster, user } = this.#place;
    const headers: OutgoingHttpHeaders = { ...impersonation(user.fields), ...(authorization && { authorization }) };
    const isHttps = server.protocol === 'https:';
    const tls = isHttps ? { ...(await trust(cluster.fields)), ...(cert && key && { cert, key }) } : {};
    if (proxy !== undefined) return { headers, ...tls, agent: await proxyAgent(proxy, server) };
    // One agent keeps connections open between requests, and parses certificates once.
    if (!isHttps) return { headers, agent: new HttpAgent({ keepAlive: true }) };
    return { headers, agent: new HttpsAgent({ keepAlive: true, ...tls, secureContext: createSecureContext(tls) }) };
  }
}

interface Trust {
  readonly ca?: Buffer;
  readonly rejectUnauthorized?: false;
  readonly servername?: string;
}

async function trust(fields: Fields): Promise<Trust> {
  const servername = text(fields['tls-server-name']);
  const named = servername === undefined ? {} : { servername };
  if (fields['insecure-skip-tls-verify'] === true) return { ...named, rejectUnauthorized: false };
  const ca = (await dataOrFile(fields, 'certificate-authority')) ?? systemRoots();
  return { ...named, ...(ca && { ca }) };
}

/** Where distributions keep the roots that Go programs trust. Node.js has its own list, which lacks company roots. */
const ROOTS = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/cert.pem'];

function systemRoots(): Buffer | undefined {
  for (const file of ROOTS) {
    try {
      return readFileSync(file);
    } catch {
      // The next one, or those of Node.js.
    }
  }
  return undefined;
}

/** The cluster as a credential plugin gets it (client.authentication.k8s.io, Cluster). */
async function clusterInfo(fields: Fields): Promise<Fields> {
  const names = ['server', 'tls-server-name', 'insecure-skip-tls-verify', 'proxy-url', 'disable-compression'];
  const ca = await dataOrFile(fields, 'certificate-authority');
  const extensions = Array.isArray(fields['extensions']) ? (fields['extensions'] as readonly Fields[]) : [];
  const config = extensions.find((each) => each?.['name'] === 'client.authentication.k8s.io/exec')?.['extension'];
  return {
    ...Object.fromEntries(names.filter((name) => fields[name]).map((name) => [name, fields[name]])),
    ...(ca && { 'certificate-authority-data': ca.toString('base64') }),
    ...(config !== undefined && { config }),
  };
}
