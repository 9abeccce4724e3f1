/** The full name of a service in the cluster: mysqldb.vm.svc.cluster.local. */
export function serviceHost(name: string, namespace: string, clusterDomain = 'cluster.local'): string {
  return `${name}.${namespace}.svc.${clusterDomain}`;
}
