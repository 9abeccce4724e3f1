import type { CurrentFacts } from '../cluster-facts.ts';
import { clusterEnvFile, type VmFile, type VmFiles } from '../vm-file.ts';
import type { Workload } from '../workload.ts';
import { type BundleOptions, currentBundle } from './bundle.ts';

/** The files of the VMs of one group. Throws what `currentBundle` throws. */
export function currentFiles(facts: CurrentFacts, workload: Workload | undefined, options: BundleOptions): VmFiles {
  if (!workload) throw new TypeError('the files of a VM in a current mesh are those of its group');
  const { clusterEnv, meshYaml, rootCert, hosts, note } = currentBundle(facts, workload, options);
  return {
    files: [
      clusterEnvFile(clusterEnv),
      file('mesh.yaml', meshYaml, '/etc/istio/config/mesh'),
      { ...file('root-cert.pem', rootCert, '/etc/certs/root-cert.pem'), owner: 'istio-proxy' },
      { ...file('hosts', hosts, '/etc/hosts'), added: true },
    ],
    ...(note !== undefined && { note }),
  };
}

function file(name: string, text: string, place: string): VmFile {
  return { name, text, place, owner: 'root', mode: '0644' };
}
