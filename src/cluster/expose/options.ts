import type { ClassicRelease } from '../../mesh/cluster-facts.ts';
import type { Via } from './current-manifests.ts';

export interface ExposeOptions {
  readonly istioNamespace: string;
  readonly revision?: string;
  readonly via: Via;
  /** By a gateway or straight to istiod; found out when absent: a gateway deployment is used where there is one. */
  readonly mode?: 'gateway' | 'direct';
  /** A load balancer of the cluster's DNS in a current cluster too; a classic one always has it. */
  readonly dns?: boolean;
  readonly dnsTcp?: boolean;
  readonly release?: ClassicRelease;
  readonly clusterDomain?: string;
  readonly signal?: AbortSignal;
}
