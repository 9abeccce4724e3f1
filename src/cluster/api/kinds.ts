import type { ObjectRef } from '../../mesh/kube-object.ts';

/** The name of a kind in paths of the API. */
export interface ResourceName {
  readonly plural: string;
  readonly namespaced: boolean;
}

const namespaced = (plural: string): ResourceName => ({ plural, namespaced: true });
const clusterWide = (plural: string): ResourceName => ({ plural, namespaced: false });

/** All kinds that meshx touches. The list replaces discovery requests. */
const KNOWN: Readonly<Record<string, ResourceName>> = {
  '/ConfigMap': namespaced('configmaps'),
  '/Endpoints': namespaced('endpoints'),
  '/Event': namespaced('events'),
  '/Namespace': clusterWide('namespaces'),
  '/Node': clusterWide('nodes'),
  '/Pod': namespaced('pods'),
  '/Secret': namespaced('secrets'),
  '/Service': namespaced('services'),
  '/ServiceAccount': namespaced('serviceaccounts'),
  'admissionregistration.k8s.io/MutatingWebhookConfiguration': clusterWide('mutatingwebhookconfigurations'),
  'admissionregistration.k8s.io/ValidatingAdmissionPolicy': clusterWide('validatingadmissionpolicies'),
  'admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding': clusterWide('validatingadmissionpolicybindings'),
  'apps/DaemonSet': namespaced('daemonsets'),
  'apps/Deployment': namespaced('deployments'),
  'coordination.k8s.io/Lease': namespaced('leases'),
  'discovery.k8s.io/EndpointSlice': namespaced('endpointslices'),
  'networking.k8s.io/ServiceCIDR': clusterWide('servicecidrs'),
  'networking.istio.io/DestinationRule': namespaced('destinationrules'),
  'networking.istio.io/Gateway': namespaced('gateways'),
  'networking.istio.io/ServiceEntry': namespaced('serviceentries'),
  'networking.istio.io/Sidecar': namespaced('sidecars'),
  'networking.istio.io/VirtualService': namespaced('virtualservices'),
  'networking.istio.io/WorkloadEntry': namespaced('workloadentries'),
  'networking.istio.io/WorkloadGroup': namespaced('workloadgroups'),
  'rbac.authorization.k8s.io/Role': namespaced('roles'),
  'rbac.authorization.k8s.io/RoleBinding': namespaced('rolebindings'),
  'security.istio.io/AuthorizationPolicy': namespaced('authorizationpolicies'),
  'security.istio.io/PeerAuthentication': namespaced('peerauthentications'),
};

/** Group of `networking.istio.io/v1`; empty for `v1`. */
export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** The name of a kind in paths; undefined for a kind that meshx never touches. */
export function knownResource(kind: Pick<ObjectRef, 'apiVersion' | 'kind'>): ResourceName | undefined {
  return KNOWN[`${groupOf(kind.apiVersion)}/${kind.kind}`];
}
