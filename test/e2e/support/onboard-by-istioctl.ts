import { join } from 'node:path';
import { shellFile } from '../../../src/text-files.ts';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';
import { homeOf } from '../../lab/operator.ts';

export interface Onboarding {
  readonly vm: string;
  /** Name of group, Service, service account and label `app`. */
  readonly service: string;
  readonly namespace: string;
  /** `tcp-mysql=3306`. */
  readonly port: string;
  /** Address behind which istiod answers; the hub's unless given. */
  readonly ingress?: string;
}

/** Istio's own documented way, with istioctl, scp and the package's start script: the control group of every test. */
export async function onboardByIstioctl(lab: Lab, wanted: Onboarding): Promise<void> {
  const out = join(lab.home, `onboard-${wanted.vm}`);
  const group = await workloadGroup(lab, wanted);
  await must(['mkdir', '-p', out]);
  const file = join(out, 'group.yaml');
  await must(['tee', file], { input: group });
  const target = ['--clusterID', 'Kubernetes', '--autoregister', '--ingressIP', wanted.ingress ?? '10.150.0.1'];
  const configured = await lab.istioctl(['x', 'workload', 'entry', 'configure', '-f', file, '-o', out, ...target]);
  if (configured.exitCode !== 0) throw new Error(configured.stderr);
  const files = ['cluster.env', 'mesh.yaml', 'root-cert.pem', 'istio-token', 'hosts'].map((name) => join(out, name));
  const config = join(homeOf(lab.names), '.ssh/config');
  await must(lab.inArgv('hub', ['scp', '-q', '-F', config, ...files, lab.deb, `${wanted.vm}:/tmp/`]));
  await lab.mustSsh(wanted.vm, INSTALL);
  // A session that is open when the rules are loaded hangs: the next one does not.
  const ready = async (): Promise<boolean> =>
    (await lab.ssh(wanted.vm, 'curl -sf localhost:15021/healthz/ready', { timeoutMs: 5000 })).exitCode === 0;
  await lab.waitFor(`the sidecar of ${wanted.vm}`, ready, { timeoutMs: 60_000 });
}

async function workloadGroup(lab: Lab, wanted: Onboarding): Promise<string> {
  const { service, namespace, port } = wanted;
  const [portName = '', number = ''] = port.split('=');
  const ports = [{ name: portName, port: Number(number), targetPort: Number(number) }];
  const metadata = { name: service, namespace };
  await lab.mesh.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: service }, ports } },
  ]);
  const flags = [
    '--name',
    service,
    '-n',
    namespace,
    '--labels',
    `app=${service}`,
    '--serviceAccount',
    service,
    '--ports',
    port,
  ];
  const group = await lab.istioctl(['x', 'workload', 'group', 'create', ...flags]);
  await lab.kubectl(['apply', '-f', '-'], group.stdout);
  const args = ['-n', namespace, 'get', 'configmap', 'istio-ca-root-cert'];
  await lab.waitFor(`istio-ca-root-cert in ${namespace}`, async () => (await lab.mesh.try(args)).exitCode === 0);
  return group.stdout;
}

const INSTALL = shellFile(new URL('install-by-hand.sh', import.meta.url)).text;

/** The end of a VM's own proxy log. */
export async function vmProxyLog(lab: Lab, vm: string): Promise<string> {
  return await lab.mustSsh(vm, 'tail -n 200 /var/log/istio/istio.log');
}
