import type { Collected } from './report-part.ts';

interface Facts extends Collected {
  readonly id: string;
  readonly removed: Readonly<Record<string, number>>;
  readonly vms: readonly string[];
  readonly version: string;
  readonly began: Date;
  readonly ended: Date;
}

/** What a report holds and lacks, for people. */
export function readmeOf({ id, vms, files, missing, removed, version, began }: Facts): string {
  const cut = files.filter(({ isCut }) => isCut).map(({ path }) => path);
  return [
    `Bug report ${id} of meshx ${version}, ${began.toISOString()}`,
    vms.length > 0 ? `VMs: ${vms.join(', ')}` : 'Without a VM: the cluster only',
    '',
    'Start with checks.txt. Logs end with the newest line.',
    '',
    'Files:',
    ...files.map(({ path, text }) => `  ${path}  ${Buffer.byteLength(text)} bytes`),
    ...(cut.length > 0 ? ['', 'Cut, because they are too large:', ...cut.map((path) => `  ${path}`)] : []),
    '',
    missing.length > 0 ? 'Could not be read:' : 'Everything could be read.',
    ...missing.map(({ part, reason }) => `  ${part}: ${reason.replaceAll('\n', ' ')}`),
    '',
    'Secrets that were removed, each replaced by [removed: KIND]:',
    ...Object.entries(removed).map(([kind, count]) => `  ${kind}: ${count}`),
    'Names, addresses and labels of your machines and services are still in here.',
    '',
  ].join('\n');
}

/** The same for programs. */
export function summaryOf({ id, vms, files, missing, removed, version, began, ended }: Facts): string {
  const summary = {
    ...{ version: 1, id, meshx: version, node: process.version, platform: `${process.platform} ${process.arch}` },
    ...{ began: began.toISOString(), ended: ended.toISOString(), vms },
    files: files.map(({ path, text, isCut }) => ({ path, bytes: Buffer.byteLength(text), cut: isCut })),
    ...{ missing, removed },
  };
  return `${JSON.stringify(summary, undefined, 2)}\n`;
}
