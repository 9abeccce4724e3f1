import type { CommandSpec } from '../command.ts';
import { CIDR_OPTION, CLUSTER_OPTIONS, GROUP_OPTIONS, ISTIOD_OPTIONS, PRINT_OPTION } from '../options.ts';

export const generateClusterEnv: CommandSpec = {
  name: 'generate-cluster-env',
  summary: 'write cluster.env, and for a current cluster every file of a WorkloadGroup',
  args: [['[cluster]', 'cluster name at the cloud provider, used to look up the service range (K8S_CLUSTER)']],
  options: [
    CIDR_OPTION,
    ...ISTIOD_OPTIONS,
    ...GROUP_OPTIONS,
    ['--token', 'also write istio-token, a secret valid for ten minutes'],
    PRINT_OPTION,
  ],
  common: [...CLUSTER_OPTIONS, 'namespace', 'out', 'output'],
  examples: [
    'generate-cluster-env',
    'generate-cluster-env my-cluster --zone us-east4-a',
    'generate-cluster-env --workload-group mysqldb -n vm --service mysqldb:3306 --out files',
  ],
  run: async (call) => (await import('../actions/generate.ts')).generateClusterEnv(call),
};
