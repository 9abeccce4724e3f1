/** The full name of a service in the cluster: mysqldb.vm.svc.cluster.local. */
export function serviceHost(name: string, namespace: string, clusterDomain = 'cluster.local'): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}

/**
 * The forms under which the sidecar's own DNS answers for a Kubernetes Service, shortest first. The bare name is only
 * known to workloads of the same namespace (istio-current.md 4.5).
 */
export function serviceHostForms(name: string, namespace: string, clusterDomain = 'cluster.local'): readonly string[] {
  const qualified = `${name}.${namespace}`;
  return [name, qualified, `${qualified}.svc`, `${qualified}.svc.${clusterDomain}`];
}
