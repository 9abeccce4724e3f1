import type { ClassicFacts, CurrentFacts } from '../../src/mesh/cluster-facts.ts';
import type { VmFacts } from '../../src/mesh/vm-facts.ts';
import type { Workload } from '../../src/mesh/workload.ts';
import type { ClassicVmInput, CurrentVmInput, ResolverRecord } from '../../src/vm/input.ts';

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** A current cluster; a test names only what it is about. */
export function aCurrentCluster(with_: Partial<CurrentFacts> = {}): CurrentFacts {
  return {
    generation: 'current',
    istioNamespace: 'istio-system',
    clusterId: 'Kubernetes',
    trustDomain: 'cluster.local',
    clusterDomain: 'cluster.local',
    istiodHost: 'istiod.istio-system.svc',
    istiodPort: 15012,
    istiodAddresses: ['10.150.0.10'],
    istiodAddressSource: 'Service istio-system/istio-eastwestgateway',
    rootCert: CERTIFICATE,
    defaultConfig: { discoveryAddress: 'istiod.istio-system.svc:15012' },
    ...with_,
  };
}

export function aClassicCluster(with_: Partial<ClassicFacts> = {}): ClassicFacts {
  return {
    generation: 'classic',
    istioNamespace: 'istio-system',
    release: '0.2',
    serviceCidrs: ['10.63.240.0/20'],
    serviceCidrSource: '--service-cidr',
    addresses: { pilot: '10.150.0.6', dns: '10.150.0.7', mixer: '10.150.0.8', ca: '10.150.0.9' },
    clusterDomain: 'cluster.local',
    ...with_,
  };
}

export function aVm(with_: Partial<VmFacts> = {}): VmFacts {
  return {
    os: { id: 'debian', version: '12', name: 'Debian GNU/Linux 12 (bookworm)' },
    architecture: 'amd64',
    hostname: 'istio-vm',
    address: '10.150.0.5',
    addresses: ['10.150.0.5'],
    sshPorts: [22],
    nameservers: ['169.254.169.254'],
    ...with_,
  };
}

export function aWorkload(with_: Partial<Workload> = {}): Workload {
  return {
    group: 'mysqldb',
    namespace: 'vm',
    serviceAccount: 'mysqldb',
    labels: { app: 'mysqldb' },
    services: [{ name: 'mysqldb', ports: [{ number: 3306, name: 'tcp-mysql' }] }],
    ...with_,
  };
}

export function aResolver(with_: Partial<ResolverRecord> = {}): ResolverRecord {
  return {
    resolvConf: 'search c.project.internal\nnameserver 169.254.169.254\n',
    nsswitch: 'passwd: files\nhosts: files dns\n',
    active: [],
    programs: ['dnsmasq'],
    files: ['/etc/dnsmasq.d'],
    ...with_,
  };
}

const PACKAGE = {
  name: 'istio-sidecar',
  format: 'deb',
  version: '1.29.1',
  sha256: 'a'.repeat(64),
  architecture: 'amd64',
  source: { file: 'istio-sidecar.deb', sha256: 'a'.repeat(64) },
  verify: ['/usr/local/bin/pilot-agent', '/usr/local/bin/envoy'],
  marker: '/var/lib/meshx/package',
} as const;

export function currentInput(with_: Partial<CurrentVmInput> = {}): CurrentVmInput {
  return {
    generation: 'current',
    cluster: aCurrentCluster(),
    workload: aWorkload(),
    vm: aVm(),
    package: PACKAGE,
    resolver: aResolver(),
    ...with_,
  };
}

export function classicInput(with_: Partial<ClassicVmInput> = {}): ClassicVmInput {
  return {
    generation: 'classic',
    cluster: aClassicCluster(),
    workload: aWorkload({ serviceAccount: 'default' }),
    vm: aVm(),
    package: PACKAGE,
    resolver: aResolver(),
    ...with_,
  };
}
