/** A file of a VM, as text that other tools can put there. */
export interface VmFile {
  readonly name: string;
  readonly text: string;
  /** Path on the VM. */
  readonly place: string;
  readonly owner: 'root' | 'istio-proxy';
  readonly mode: '0644' | '0600';
  /** It is added to the file that the VM has there. */
  readonly added?: true;
}

/** The files of one VM, and what of its cluster they leave out, a sentence. */
export interface VmFiles {
  readonly files: readonly VmFile[];
  readonly note?: string;
}

export function clusterEnvFile(text: string): VmFile {
  return { name: 'cluster.env', text, place: '/var/lib/istio/envoy/cluster.env', owner: 'root', mode: '0644' };
}
