import type { Workload } from '../workload.ts';
import { TUNNEL, TUNNEL_LABEL, workloadLabels } from '../workload-labels.ts';

/**
 * The workload as ambient clients must see it. istiod puts the labels of the group, and over them those that the proxy
 * reports, into each entry that it makes: of another owner's group the proxy's are enough.
 */
export function tunnelled(workload: Workload): Workload {
  if (workloadLabels(workload)[TUNNEL_LABEL] === TUNNEL) return workload;
  return { ...workload, labels: { ...workload.labels, [TUNNEL_LABEL]: TUNNEL } };
}
