import { readFileSync } from 'node:fs';

/** A folder of test/cases: inputs distilled from reports, read in place. */
export function caseFolder(name: string): string {
  return new URL(`../cases/${name}`, import.meta.url).pathname;
}

/** The text of one file of test/cases. */
caseFolder.text = (name: string): string => readFileSync(caseFolder(name), 'utf8');
