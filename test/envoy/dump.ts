import { readFileSync } from 'node:fs';

const golden = (name: string): string => readFileSync(new URL(`../golden/envoy/${name}`, import.meta.url), 'utf8');

/** `/config_dump` of a VM that serves HTTP and MySQL, shortened to what is read of it. */
export const CONFIG_DUMP = golden('config-dump.json');
/** `/clusters?format=json` of the same VM. */
export const CLUSTERS = golden('clusters.json');

/** What istioctl 1.29 prints for these files, without spaces at the end of a line. */
export function byIstioctl(name: string): readonly string[] {
  return golden(`istioctl/${name}.txt`).trimEnd().split('\n');
}
