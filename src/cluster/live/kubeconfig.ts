import { existsSync, readFileSync, statSync } from 'node:fs';
import { Agent, type RequestOptions } from 'node:https';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import { KubeConfig } from '@kubernetes/client-node';
import { clusterProblems } from '../../problems/cluster.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { errorText } from '../foreign-error.ts';
import { pluginCredential } from './exec-plugin.ts';

const IN_CLUSTER = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export interface KubeconfigOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
}

/** Where the API server is and how one proves who one is. */
export interface Credentials {
  /** Name of the context. */
  readonly name: string;
  /** The namespace that the context names. */
  readonly namespace?: string;
  readonly server: URL;
  /** Options of node's https.request: certificates, headers, agent. Runs the exec plugin when there is one. */
  options(signal: AbortSignal): Promise<RequestOptions>;
}

/**
 * Reads the kubeconfig as kubectl does: one file, or the KUBECONFIG list in which the first definition of a name wins and
 * files that do not exist are passed over, or ~/.kube/config, or the service account of the pod that meshx runs in.
 */
export function loadCredentials(options: KubeconfigOptions): Credentials {
  const config = loadConfig(options);
  const context = config.getContextObject(options.context ?? config.getCurrentContext());
  if (options.context !== undefined) config.setCurrentContext(options.context);
  const known = config.getContexts().map((each) => each.name);
  if (context === null) {
    throw clusterProblems.contextUnknown({ context: options.context ?? config.getCurrentContext() ?? '', known });
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw clusterProblems.contextIncomplete({ context: context.name, missing: context.cluster });
  if (config.getCurrentUser() === null && context.user !== '') {
    throw clusterProblems.contextIncomplete({ context: context.name, missing: context.user });
  }
  const { name, namespace } = context;
  const { env } = options;
  const server = serverUrl(cluster.server);
  return { name, server, ...(namespace && { namespace }), options: (signal) => requestOptions(config, env, signal) };
}

function serverUrl(server: string): URL {
  if (URL.canParse(server)) return new URL(server);
  throw clusterProblems.kubeconfigInvalid({ file: server, reason: 'server is not a URL' });
}

function loadConfig(options: KubeconfigOptions): KubeConfig {
  const files = kubeconfigFiles(options);
  const found = files.filter((file) => existsSync(file));
  if (found.length > 0) return merge(found.map(readConfig));
  const config = new KubeConfig();
  const explicit = options.kubeconfig !== undefined || (options.env['KUBECONFIG'] ?? '') !== '';
  if (explicit || !options.env['KUBERNETES_SERVICE_HOST'] || !existsSync(IN_CLUSTER)) {
    throw clusterProblems.kubeconfigMissing({ files });
  }
  config.loadFromCluster();
  return config;
}

function kubeconfigFiles(options: KubeconfigOptions): readonly string[] {
  if (options.kubeconfig !== undefined) return [options.kubeconfig];
  const list = (options.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return list.length > 0 ? list : [join(options.home, '.kube', 'config')];
}

function readConfig(file: string): KubeConfig {
  try {
    // A kubeconfig has kilobytes; one of megabytes is another file.
    if (statSync(file).size > 4 * 1024 * 1024) throw new RangeError('it is larger than 4 MiB');
    const config = new KubeConfig();
    config.loadFromString(readFileSync(file, 'utf8'));
    config.makePathsAbsolute(dirname(file));
    for (const user of config.getUsers()) makeCommandAbsolute(mapping(user.exec), dirname(file));
    return config;
  } catch (error) {
    throw clusterProblems.kubeconfigInvalid({ file, reason: errorText(error) }, error);
  }
}

/** The first definition of a name wins, as in kubectl; client-node's own merge refuses a second one. */
function merge(configs: readonly KubeConfig[]): KubeConfig {
  const firsts = <T extends { readonly name: string }>(lists: readonly (readonly T[])[]): T[] => [
    ...new Map(
      lists
        .flat()
        .toReversed()
        .map((each) => [each.name, each]),
    ).values(),
  ];
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firsts(configs.map((each) => each.getClusters())),
    users: firsts(configs.map((each) => each.getUsers())),
    contexts: firsts(configs.map((each) => each.getContexts())),
    currentContext: configs.map((each) => each.getCurrentContext()).find((name) => name) ?? '',
  });
  return merged;
}

/** As kubectl: a plugin's command with a slash in it is relative to the kubeconfig. */
function makeCommandAbsolute(exec: Readonly<Record<string, unknown>>, folder: string): void {
  const command = text(exec['command']);
  if (command?.includes('/')) Object.assign(exec, { command: resolve(folder, command) });
}

type Environment = KubeconfigOptions['env'];

async function requestOptions(config: KubeConfig, env: Environment, signal: AbortSignal): Promise<RequestOptions> {
  const options: RequestOptions = {};
  const cluster = config.getCurrentCluster();
  // client-node refuses plain http unless TLS verification is off; there is nothing to verify (`kubectl proxy`).
  if (cluster?.server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true });
  try {
    await (await withCredential(config, env, signal)).applyToHTTPSOptions(options);
  } catch (error) {
    throw clusterProblems.credentialsFailed({ context: config.getCurrentContext(), reason: errorText(error) }, error);
  }
  // An agent of our own keeps the connection between requests; with a proxy client-node's agent has to do.
  if (cluster?.proxyUrl === undefined && options.agent instanceof Agent) {
    const { ca, cert, key, passphrase, pfx, rejectUnauthorized, servername } = options;
    const tls = { ca, cert, key, passphrase, pfx, rejectUnauthorized, servername };
    const given = Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined));
    // Certificates are parsed once, not for each connection.
    const secureContext = tlsContext(config, given);
    options.agent = new Agent({ keepAlive: true, ...given, secureContext });
  }
  return options;
}

/** Throws `credentials-failed` for a certificate or key that cannot be read. */
function tlsContext(config: KubeConfig, given: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(given);
  } catch (error) {
    throw clusterProblems.credentialsFailed({ context: config.getCurrentContext(), reason: errorText(error) }, error);
  }
}

/** The configuration with what the user's exec plugin gave, when the user has one. */
async function withCredential(config: KubeConfig, env: Environment, signal: AbortSignal): Promise<KubeConfig> {
  const [user, cluster] = [config.getCurrentUser(), config.getCurrentCluster()];
  if (user === null || cluster === null || user.exec === undefined) return config;
  const { server, caData, skipTLSVerify } = cluster;
  const info = { server, 'certificate-authority-data': caData, 'insecure-skip-tls-verify': skipTLSVerify };
  const given = await pluginCredential({ exec: mapping(user.exec), env, cluster: info, signal });
  const base64 = (pem: string): string => Buffer.from(pem).toString('base64');
  const credential = {
    ...(given.token && { token: given.token }),
    ...(given.certificate && { certData: base64(given.certificate) }),
    ...(given.key && { keyData: base64(given.key) }),
  };
  const complete = new KubeConfig();
  complete.loadFromClusterAndUser(cluster, { ...user, exec: undefined, ...credential });
  return complete;
}
