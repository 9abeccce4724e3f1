import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Parts } from './build/all.ts';
import { must, run, type Ran } from './command.ts';
import type { Names } from './names.ts';
import { address } from './network.ts';
import { makePki, tokenOf, type User } from './pki.ts';
import type { Processes } from './processes.ts';

/** `mesh` has istiod 1.29; `classic` is the cluster of the older generation. Two API servers on one etcd. */
export type ClusterName = 'mesh' | 'classic';

const PORTS: Readonly<Record<ClusterName, number>> = { mesh: 6443, classic: 6444 };
const SERVICE_CIDR = '10.63.240.0/20';

/** A Kubernetes API object, as kubectl takes it. */
export type Manifest = Readonly<Record<string, unknown>>;

/** A Kubernetes API without nodes and without controllers: what is not written is not there. */
export class Cluster {
  readonly name: ClusterName;
  readonly #names: Names;
  readonly #parts: Parts;
  readonly #processes: Processes;

  constructor(name: ClusterName, lab: { names: Names; parts: Parts; processes: Processes }) {
    this.name = name;
    this.#names = lab.names;
    this.#parts = lab.parts;
    this.#processes = lab.processes;
  }

  get pki(): string {
    return join(this.#names.run, 'pki');
  }

  get auditLog(): string {
    return join(this.#names.run, 'log', `audit-${this.name}.log`);
  }

  kubeconfigOf(user: User): string {
    return join(this.#names.run, 'kubeconfig', `${this.name}-${user}`);
  }

  async start(): Promise<void> {
    await makePki(this.pki);
    for (const user of ['lab', 'operator', 'istiod', 'coredns', 'viewer'] as const)
      await this.writeKubeconfig(user, this.kubeconfigOf(user));
    await writeFile(join(this.#names.run, 'audit-policy.yaml'), AUDIT_POLICY);
    await startEtcd(this.#names, this.#processes);
    await this.startApiServer();
  }

  async startApiServer(): Promise<void> {
    const argv = [join(this.#parts.kubernetes, 'kube-apiserver'), ...this.#flags()];
    await this.#processes.start(`apiserver-${this.name}`, { argv, namespace: this.#names.hub });
    const ready = async (): Promise<boolean> => (await this.try(['get', '--raw', '/readyz'])).exitCode === 0;
    await this.#processes.answers(`apiserver-${this.name}`, `the API server of ${this.name}`, ready);
  }

  /** The mesh's root certificates as istiod writes them into each namespace, as PEM; empty until it has. */
  async rootCertificates(namespace = 'istio-system'): Promise<string> {
    const words = ['-n', namespace, 'get', 'configmap', 'istio-ca-root-cert', '-o', 'jsonpath={.data.root-cert\\.pem}'];
    return (await this.try(words)).stdout;
  }

  /** kubectl as the lab's own user, so that the audit log can leave it out. */
  async kubectl(args: readonly string[], input?: string): Promise<string> {
    return await must(this.#argv(args), input === undefined ? {} : { input });
  }

  async try(args: readonly string[], input?: string): Promise<Ran> {
    return await run(this.#argv(args), input === undefined ? {} : { input });
  }

  async apply(objects: readonly Manifest[]): Promise<void> {
    const list = { apiVersion: 'v1', kind: 'List', items: objects };
    await this.kubectl(['apply', '-f', '-'], JSON.stringify(list));
  }

  async patchStatus(kind: string, ref: { namespace: string; name: string }, status: unknown): Promise<void> {
    const args = ['-n', ref.namespace, 'patch', kind, ref.name, '--subresource=status', '--type=merge'];
    await this.kubectl([...args, '-p', JSON.stringify({ status })]);
  }

  async writeKubeconfig(user: User, file: string): Promise<void> {
    const named = { cluster: this.name, user };
    const server = `https://${address.hub}:${PORTS[this.name]}`;
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: this.name, cluster: { server, 'certificate-authority': join(this.pki, 'ca.crt') } }],
      users: [{ name: user, user: { token: await tokenOf(this.pki, user) } }],
      contexts: [{ name: this.name, context: named }],
      'current-context': this.name,
    };
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, JSON.stringify(config, null, 2), { mode: 0o600 });
  }

  #argv(args: readonly string[]): readonly string[] {
    const kubectl = join(this.#parts.kubernetes, 'kubectl');
    return ['ip', 'netns', 'exec', this.#names.hub, kubectl, '--kubeconfig', this.kubeconfigOf('lab'), ...args];
  }

  #flags(): readonly string[] {
    const pki = (file: string): string => join(this.pki, file);
    return [
      '--etcd-servers=http://127.0.0.1:2379',
      `--etcd-prefix=/${this.name}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-signing-key-file=${pki('sa.key')}`,
      `--service-account-key-file=${pki('sa.pub')}`,
      `--service-cluster-ip-range=${SERVICE_CIDR}`,
      '--authorization-mode=RBAC',
      `--token-auth-file=${pki('tokens.csv')}`,
      `--tls-cert-file=${pki('srv.crt')}`,
      `--tls-private-key-file=${pki('srv.key')}`,
      `--client-ca-file=${pki('ca.crt')}`,
      `--advertise-address=${address.hub}`,
      `--secure-port=${PORTS[this.name]}`,
      `--cert-dir=${join(this.#names.run, 'apiserver', this.name)}`,
      `--audit-policy-file=${join(this.#names.run, 'audit-policy.yaml')}`,
      `--audit-log-path=${this.auditLog}`,
      // There is no controller that makes service accounts for pods.
      '--disable-admission-plugins=ServiceAccount',
    ];
  }
}

const AUDIT_POLICY = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{ level: Metadata }]
`;

async function startEtcd(names: Names, processes: Processes): Promise<void> {
  if (await processes.running('etcd')) return;
  const peers = [
    '--listen-peer-urls',
    'http://127.0.0.1:2380',
    '--initial-advertise-peer-urls',
    'http://127.0.0.1:2380',
  ];
  const clients = ['--listen-client-urls', 'http://127.0.0.1:2379', '--advertise-client-urls', 'http://127.0.0.1:2379'];
  const initial = ['--initial-cluster', 'default=http://127.0.0.1:2380'];
  const argv = ['etcd', '--data-dir', join(names.run, 'etcd'), ...clients, ...peers, ...initial, '--unsafe-no-fsync'];
  await processes.start('etcd', { argv, namespace: names.hub });
}
