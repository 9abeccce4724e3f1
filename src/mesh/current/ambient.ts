import type { Workload } from '../workload.ts';
import { TUNNEL, TUNNEL_LABEL, workloadLabels } from '../workload-labels.ts';

/**
 * Adds the label for ambient clients. istiod merges the labels that the proxy reports over those of the group into each
 * new entry, so the group of another owner needs no change.
 */
export function tunnelled(workload: Workload): Workload {
  if (workloadLabels(workload)[TUNNEL_LABEL] === TUNNEL) return workload;
  return { ...workload, labels: { ...workload.labels, [TUNNEL_LABEL]: TUNNEL } };
}
