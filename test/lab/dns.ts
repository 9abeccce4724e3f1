import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Parts } from './build/all.ts';
import type { Cluster } from './cluster.ts';
import { run } from './command.ts';
import type { Names } from './names.ts';
import { address } from './network.ts';
import type { Processes } from './processes.ts';

/** CoreDNS: the cluster's DNS on 10.150.0.7 once there is a cluster for it, the cloud's resolver on 10.150.0.2 always. */
export async function startDns(
  lab: { names: Names; parts: Parts; processes: Processes },
  classic?: Cluster,
): Promise<void> {
  const name = classic ? 'cluster-dns' : 'resolver';
  const file = join(lab.names.run, `${name}.corefile`);
  await writeFile(file, classic ? clusterCorefile(classic) : resolverCorefile(lab.names));
  await writeFile(join(lab.names.run, 'outside.zone'), OUTSIDE);
  const argv = [join(lab.parts.coredns, 'coredns'), '-conf', file];
  await lab.processes.start(name, { argv, namespace: lab.names.hub });
  const [server, question, answer] = classic
    ? [address.dns, 'productpage.default.svc.cluster.local', '10.63.251.156']
    : [address.resolver, 'outside.example.test', '10.150.0.1'];
  const ask = ['ip', 'netns', 'exec', lab.names.hub, 'host', '-W', '1', question, server];
  await lab.processes.answers(name, `DNS on ${server}`, async () => (await run(ask)).stdout.includes(answer));
}

const clusterCorefile = (cluster: Cluster): string => `.:53 {
  bind ${address.dns}
  errors
  kubernetes cluster.local {
    kubeconfig ${cluster.kubeconfigOf('coredns')}
    ttl 5
  }
}
`;

const resolverCorefile = (names: Names): string => `.:53 {
  bind ${address.resolver}
  errors
  file ${join(names.run, 'outside.zone')} .
}
`;

/** Names that a cloud's resolver knows: none of the cluster's. */
const OUTSIDE = `$ORIGIN .
. 60 IN SOA resolver.example.test. operator.example.test. 1 3600 600 86400 5
. 60 IN NS resolver.example.test.
resolver.example.test. 60 IN A ${address.resolver}
outside.example.test. 60 IN A ${address.hub}
workstation.example.test. 60 IN A ${address.hub}
`;
