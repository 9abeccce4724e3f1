import { classicClusterEnv, classicKubedns } from '../mesh/classic/files.ts';
import { spiffeId } from '../mesh/spiffe.ts';
import type { Resource, Step } from '../reconcile/resource.ts';
import { render } from '../templates.ts';
import type { ClassicVmInput } from './input.ts';
import { PLACES, PROXY } from './places.ts';
import { resolverDecision } from './resolver.ts';
import { membershipFile } from './steps/membership.ts';
import { ownName } from './steps/names.ts';
import { packageStep } from './steps/package.ts';
import { bootStep, nodeAgentStep, sidecarStep } from './steps/running.ts';
import { sidecarEnvStep } from './steps/sidecar-env.ts';
import { captureFiles } from './steps/units.ts';
import { settingsFile } from './wants.ts';

const NODE_AGENT = 'istio-auth-node-agent.service';

/** A classic VM, in the order of Istio's own script: dnsmasq, packages, certificates, cluster.env, units. */
export function wantedClassicVm(input: ClassicVmInput): readonly Step[] {
  const { resolver, units, dnsUnits } = decisions(input);
  return [
    { id: 'names', title: 'Make names resolve', wants: [...(input.image ? [] : ownName(input.vm)), ...resolver] },
    packageStep(input),
    ...(input.image ? [] : [certsStep(input)]),
    clusterEnvStep(input),
    sidecarEnvStep(input, { sourced: true }),
    { id: 'units', title: 'Install the units', wants: [...captureFiles(), ...dropIns(units, dnsUnits)] },
    ...(input.image ? [] : units.map((name) => (name === NODE_AGENT ? nodeAgentStep() : sidecarStep()))),
    bootStep([...dnsUnits, ...units], input.image),
  ];
}

function decisions(input: ClassicVmInput) {
  const { cluster, image, resolver } = input;
  const decision = resolverDecision(resolver, { kubedns: classicKubedns(cluster), domains: domains(input) });
  const wants = decision.wants.filter(({ kind }) => kind !== 'unit' || !image);
  // 1.5 has no node agent: pilot-agent renews the certificates.
  const units = cluster.release === '1.5' ? ['istio.service'] : [NODE_AGENT, 'istio.service'];
  return { resolver: wants, units, dnsUnits: decision.units };
}

/** The short names of the control plane are not in one domain, so each is routed. */
function domains({ cluster }: ClassicVmInput): readonly string[] {
  const names = [...classicKubedns(cluster).matchAll(/^(?:server|address)=\/([^/]+)\//gm)].map(
    ([, name]) => name ?? '',
  );
  return [...new Set(names)];
}

/**
 * Certificates of the Secret istio.SERVICE_ACCOUNT. The node agent renews chain and key, so they are delivered only without a valid
 * pair. The key comes first: an interrupted delivery leaves no pair that looks valid.
 */
function certsStep({ workload }: ClassicVmInput): Step {
  const identity = spiffeId('cluster.local', workload.namespace, workload.serviceAccount);
  const pair = { certificate: PLACES.certChain, key: PLACES.key, identity };
  const secret = (path: string): Resource => ({
    kind: 'token',
    path,
    secret: path.slice('/etc/certs/'.length),
    form: 'pem',
    owner: PROXY,
    mode: '0600',
    ...pair,
  });
  return {
    id: 'certs',
    title: 'Deliver the certificates',
    wants: [secret(PLACES.rootCert), secret(PLACES.key), secret(PLACES.certChain)],
  };
}

function clusterEnvStep(input: ClassicVmInput): Step {
  const wants = [membershipFile(input), settingsFile(PLACES.clusterEnv, classicClusterEnv(input.cluster))];
  return { id: 'cluster-env', title: 'Configure the VM for the cluster', wants };
}

function dropIns(units: readonly string[], dnsUnits: readonly string[]): readonly Resource[] {
  const after = [...dnsUnits, ...units.filter((name) => name !== 'istio.service')].join(' ');
  const path = `${PLACES.units}/istio.service.d`;
  return [
    { kind: 'directory', path, owner: 'root:root', mode: '0755' },
    {
      kind: 'file',
      path: `${path}/meshx.conf`,
      content: render('classic-unit.conf', { AFTER: after }),
      owner: 'root:root',
      mode: '0644',
    },
  ];
}
