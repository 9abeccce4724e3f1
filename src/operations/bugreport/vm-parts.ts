import type { Host } from '../../host/run/host.ts';
import { collectPart, MACHINE_PARTS } from '../../vm/bugreport/collect.ts';
import { readEnvoyPages } from '../../vm/envoy-pages.ts';
import { type Membership, readMembership } from '../../vm/membership.ts';
import { PartCollector, type Collected } from './report-part.ts';
import type { Redactor } from './redact.ts';

/** Pages of Envoy's admin interface, by the file that each becomes. None of them shows a private key. */
const PAGES = {
  'envoy/server_info.json': 'server_info',
  'envoy/config_dump.json': 'config_dump',
  'envoy/clusters.json': 'clusters?format=json',
  'envoy/certs.json': 'certs',
  'envoy/stats.txt': 'stats?usedonly',
  'envoy/listeners.txt': 'listeners',
} as const;

/** What a VM gave, and the words by which a cluster may know it. */
export interface VmParts extends Collected {
  readonly words: readonly string[];
}

/** Reads what a report shows of a VM, over one connection that is opened here. Throws when the run is stopped. */
export async function readVmParts(
  vm: string,
  login: () => Promise<Host>,
  about: { readonly redactor: Redactor; readonly signal: AbortSignal },
): Promise<VmParts> {
  const { redactor, signal } = about;
  const parts = new PartCollector(redactor, signal);
  const folder = `vm/${fileName(vm)}`;
  await using host = await parts.attempt(folder, login);
  if (!host) return { files: parts.files, missing: parts.missing, words: wordsOf(vm) };
  const membership = await parts.attempt(`${folder}/facts.json`, () => readMembership(host, signal));
  await parts.add(`${folder}/facts.json`, () => Promise.resolve(membership ? JSON.stringify(membership) : ''));
  for (const part of MACHINE_PARTS) {
    const path = `${folder}/${fileOf(part)}`;
    await parts.add(path, () => collectPart(host, part, signal));
  }
  for (const [file, page] of Object.entries(PAGES))
    await parts.add(`${folder}/${file}`, async () => (await readEnvoyPages(host, [page], { signal }))[0] ?? '');
  return { files: parts.files, missing: parts.missing, words: wordsOf(vm, membership) };
}

function fileOf(part: (typeof MACHINE_PARTS)[number]): string {
  if (part === 'journal') return 'journal.log';
  return part === 'sidecar_log' ? 'sidecar.log' : `${part}.txt`;
}

/** A name as a part of a path. */
function fileName(vm: string): string {
  return vm.replaceAll(/[^A-Za-z0-9_.@-]/g, '_').replace(/^\.+/, '_');
}

function wordsOf(vm: string, membership?: Membership): readonly string[] {
  const name = vm.replace(/^.*@/, '');
  const { group, hostname, record, addresses = [] } = membership ?? {};
  const all = [name, group, hostname, record?.group, record?.address, ...addresses];
  return [...new Set(all.filter((word): word is string => word !== undefined && word !== ''))];
}
