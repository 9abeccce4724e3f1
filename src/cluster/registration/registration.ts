import { clusterGeneration } from '../generation.ts';
import type { Kubernetes } from '../api/kubernetes.ts';
import type { PlannedRegistration, Registration } from './registration-request.ts';

/** What must be written for a registration. Only reads. Throws what the generations throw. */
export function planRegistration(
  kube: Kubernetes,
  registration: Registration,
  signal: AbortSignal,
): Promise<PlannedRegistration> {
  return clusterGeneration(registration.generation).planRegistration(kube, registration, signal);
}
