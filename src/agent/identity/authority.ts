import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readYaml } from '../../documents/yaml.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { mapping, text } from '../../mesh/unknown.ts';

/**
 * Who gives the sidecar its certificates:
 *
 * - `istiod`: it renews them for a valid certificate or a token. A plugged-in root changes nothing of this.
 * - `external`: another CA, at CA_ADDR. It may accept tokens only, as istio-csr does.
 * - `files`: someone puts them into files; neither istiod nor meshx renews them.
 * - `workload-api`: a SPIFFE agent such as SPIRE, at the socket that pilot-agent would otherwise make itself.
 */
export type AuthorityKind = 'istiod' | 'external' | 'files' | 'workload-api';

export interface Authority {
  readonly kind: AuthorityKind;
  /** HOST:PORT, a path, or the setting that says so. */
  readonly place: string;
}

/** The sidecar's settings and files, as far as they decide who gives the certificates. */
export interface AuthorityFacts {
  readonly env: ReadonlyMap<string, string>;
  readonly discovery: string;
  /** Owner of the socket for certificates; undefined if there is none. */
  readonly socketOwner?: number;
  /** uid of istio-proxy. */
  readonly proxy?: number;
  /** Whether all files are there that pilot-agent takes instead of asking a CA. */
  readonly hasFiles: boolean;
}

const ISTIOD = 'istiod.istio-system.svc:15012';
const SOCKET = 'socket';
const SOCKETS = '/run/secrets/workload-spiffe-uds';
/** pilot-agent looks here before it asks a CA (CheckWorkloadCertificate, Istio 1.29). */
const FILES = '/run/secrets/workload-spiffe-credentials';

/** Who gives the certificates, in the order of pilot-agent (initSdsServer, SetupSecurityOptions, Istio 1.29). Pure. */
export function certificateAuthority({ env, discovery, socketOwner, proxy, hasFiles }: AuthorityFacts): Authority {
  const socket = env.get('WORKLOAD_IDENTITY_SOCKET_FILE') || SOCKET;
  const isForeign = socketOwner !== undefined && socketOwner !== proxy;
  if (socket !== SOCKET || isForeign) return { kind: 'workload-api', place: join(SOCKETS, socket) };
  const provider = env.get('CA_PROVIDER') || 'Citadel';
  if (env.get('FILE_MOUNTED_CERTS') === 'true') return { kind: 'files', place: 'FILE_MOUNTED_CERTS' };
  if (hasFiles || provider === 'GkeWorkloadCertificate') return { kind: 'files', place: FILES };
  const address = env.get('CA_ADDR') || discovery;
  if (provider !== 'Citadel') return { kind: 'external', place: `${provider} at ${address}` };
  return { kind: hostOf(address) === hostOf(discovery) ? 'istiod' : 'external', place: address };
}

function hostOf(address: string): string {
  return address.replace(/:\d+$/, '');
}

/** Reads what decides it on this machine, below `root` in tests. What cannot be read counts as missing. */
export async function readAuthorityFacts(root = '/'): Promise<AuthorityFacts> {
  const [cluster, sidecar, mesh, passwd] = await Promise.all(
    ['var/lib/istio/envoy/cluster.env', 'var/lib/istio/envoy/sidecar.env', 'etc/istio/config/mesh', 'etc/passwd'].map(
      (path) => readFile(join(root, path), 'utf8').catch(() => ''),
    ),
  );
  const env = new Map([...parseEnv(cluster ?? ''), ...parseEnv(sidecar ?? '')]);
  const socket = await uidOf(join(root, SOCKETS, env.get('WORKLOAD_IDENTITY_SOCKET_FILE') || SOCKET));
  const files = ['cert-chain.pem', 'key.pem', 'root-cert.pem'].map((name) => uidOf(join(root, FILES, name)));
  const [, proxy] = /^istio-proxy:[^:]*:(\d+):/m.exec(passwd ?? '') ?? [];
  return {
    ...{ env, discovery: discoveryIn(mesh ?? '') },
    ...(socket !== undefined && { socketOwner: socket }),
    ...(proxy !== undefined && { proxy: Number(proxy) }),
    hasFiles: (await Promise.all(files)).every((owner) => owner !== undefined),
  };
}

async function uidOf(path: string): Promise<number | undefined> {
  return await stat(path).then(
    ({ uid }) => uid,
    () => undefined,
  );
}

function discoveryIn(mesh: string): string {
  try {
    return text(mapping(mapping(readYaml(mesh))['defaultConfig'])['discoveryAddress']) ?? ISTIOD;
  } catch {
    // pilot-agent refuses the file as well, and says so.
    return ISTIOD;
  }
}
