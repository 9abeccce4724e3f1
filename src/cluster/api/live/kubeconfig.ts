import { existsSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from '../../../mesh/unknown.ts';
import { clusterProblems } from '../../../problems/cluster.ts';
import { ApiConnection } from './api-connection.ts';
import { userIssue } from './identity.ts';
import { type Entry, type Kubeconfig, mergeKubeconfigs, readKubeconfig } from './kubeconfig-file.ts';
import { environmentProxy, proxyUrl } from './proxy.ts';
import { serverUrl } from './server-url.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

export interface KubeconfigOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Receives warnings and the output of a credential plugin. */
  readonly say?: (text: string) => void;
  /** For a silent plugin, and for each request to an issuer. */
  readonly timeoutMs?: number;
}

/**
 * Reads the kubeconfig as kubectl does: one file, else the KUBECONFIG list, else ~/.kube/config, else the service
 * account of the pod that meshx runs in. Files of the list that are missing or empty are skipped. Warns once about
 * unsafe settings and unknown fields.
 */
export function loadCredentials(options: KubeconfigOptions): ApiConnection {
  const config = loadConfig(options);
  const context = contextOf(config, options.context);
  const { cluster, user } = partsOf(config, context);
  const issue = userIssue(user) ?? clusterIssue(cluster);
  if (issue !== undefined)
    throw clusterProblems.contextUnusable({ context: context.name, file: cluster.file, reason: issue });
  const server = serverUrl(text(cluster.fields['server']) ?? '', cluster.file, hasTls(cluster, user));
  const { say = () => undefined, env, timeoutMs = 15_000 } = options;
  for (const warning of [...warningsOf(server, cluster), ...unfollowed([context, cluster, user])])
    say(`warning: ${warning}`);
  if (!config.users.includes(user) && text(context.fields['user']) !== undefined)
    say(
      `warning: user ${user.name} of context ${context.name} is not in the kubeconfig: requests carry no credentials`,
    );
  const given = text(cluster.fields['proxy-url']);
  const proxy =
    given === undefined ? environmentProxy(server, env) : proxyUrl(given, `proxy-url of cluster ${cluster.name}`);
  const namespace = text(context.fields['namespace']);
  const place = { name: context.name, server, ...(namespace && { namespace }), ...(proxy && { proxy }) };
  return new ApiConnection({ ...place, cluster, user, env, say, timeoutMs });
}

/** All files of the kubeconfig as one. Throws `kubeconfig-missing`, `kubeconfig-invalid`. */
export function loadConfig(options: KubeconfigOptions): Kubeconfig {
  const files = kubeconfigFiles(options);
  const found = files.filter((file) => existsSync(file)).flatMap((file) => readKubeconfig(file) ?? []);
  if (found.length > 0) return mergeKubeconfigs(found);
  const explicit = options.kubeconfig !== undefined || (options.env['KUBECONFIG'] ?? '') !== '';
  const inPod = explicit ? undefined : podConfig(options.env);
  if (inPod === undefined) throw clusterProblems.kubeconfigMissing({ files });
  return inPod;
}

function kubeconfigFiles(options: KubeconfigOptions): readonly string[] {
  if (options.kubeconfig !== undefined) return [options.kubeconfig];
  const list = (options.env['KUBECONFIG'] ?? '').split(delimiter).filter((file) => file !== '');
  return list.length > 0 ? [...new Set(list)] : [join(options.home, '.kube', 'config')];
}

/** The service account of the pod that meshx runs in. */
function podConfig(env: KubeconfigOptions['env']): Kubeconfig | undefined {
  const [host, port] = [env['KUBERNETES_SERVICE_HOST'], env['KUBERNETES_SERVICE_PORT'] ?? '443'];
  if (!host || !existsSync(`${ACCOUNT}/token`)) return undefined;
  const server = `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const namespace = existsSync(`${ACCOUNT}/namespace`) ? readFileSync(`${ACCOUNT}/namespace`, 'utf8').trim() : '';
  const entry = (fields: Entry['fields']): Entry => ({ name: 'in-cluster', file: ACCOUNT, fields, unknown: [] });
  return {
    clusters: [entry({ server, 'certificate-authority': `${ACCOUNT}/ca.crt` })],
    users: [entry({ tokenFile: `${ACCOUNT}/token` })],
    contexts: [entry({ cluster: 'in-cluster', user: 'in-cluster', namespace })],
    currentContext: 'in-cluster',
  };
}

function contextOf({ contexts, currentContext }: Kubeconfig, wanted = currentContext): Entry {
  const found = contexts.find(({ name }) => name === wanted);
  if (found !== undefined && wanted !== '') return found;
  throw clusterProblems.contextUnknown({ context: wanted, known: contexts.map(({ name }) => name) });
}

/** Without a defined user requests are anonymous, as with kubectl. */
function partsOf({ clusters, users }: Kubeconfig, context: Entry): { readonly cluster: Entry; readonly user: Entry } {
  const names = { cluster: text(context.fields['cluster']) ?? '', user: text(context.fields['user']) ?? '' };
  const cluster = clusters.find(({ name }) => name === names.cluster);
  if (cluster === undefined)
    throw clusterProblems.contextIncomplete({ context: context.name, missing: names.cluster || 'no cluster' });
  const anonymous = { name: names.user, file: context.file, fields: {}, unknown: [] };
  return { cluster, user: users.find(({ name }) => name === names.user && name !== '') ?? anonymous };
}

function hasTls(cluster: Entry, user: Entry): boolean {
  const names = ['certificate-authority', 'tls-server-name', 'client-certificate'].flatMap((name) => [
    name,
    `${name}-data`,
  ]);
  const all = { ...cluster.fields, ...user.fields };
  return all['insecure-skip-tls-verify'] === true || names.some((name) => text(all[name]) !== undefined);
}

function clusterIssue({ name, fields }: Entry): string | undefined {
  const [file, data] = [text(fields['certificate-authority']), text(fields['certificate-authority-data'])];
  if (file && data) return `cluster ${name} has both certificate-authority and certificate-authority-data`;
  if (!file && !data) return undefined;
  const both = `cluster ${name} has a certificate authority and insecure-skip-tls-verify`;
  return fields['insecure-skip-tls-verify'] === true ? both : undefined;
}

function warningsOf(server: URL, { name, fields }: Entry): readonly string[] {
  const unverified = `insecure-skip-tls-verify: anyone on the way to ${server.host} can read and change what meshx sends`;
  if (server.protocol === 'https:')
    return fields['insecure-skip-tls-verify'] === true ? [`cluster ${name} has ${unverified}`] : [];
  // `kubectl proxy` and tunnels listen on this machine.
  const isLocal = /^(localhost|127\.[\d.]+|\[::1\])$/.test(server.hostname);
  const clear = `${server.origin} of cluster ${name} is not encrypted: no credentials are sent, and anyone on the way can change answers`;
  return isLocal ? [] : [clear];
}

function unfollowed(entries: readonly Entry[]): readonly string[] {
  return entries.flatMap(({ name, file, unknown }) =>
    unknown.map(
      (field) => `${file}: meshx does not know the field ${field} of ${name || 'the context'} and does not follow it`,
    ),
  );
}
