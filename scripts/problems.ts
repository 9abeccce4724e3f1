// Brings docs/problems.md up to the catalogues: a section for each new Problem, none for one that is gone. What is
// under an existing heading stays: people explain more than a message can. Run with: npx tsx scripts/problems.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { catalogues, problemsPage } from './problems-page.ts';

const file = new URL('../docs/problems.md', import.meta.url);
writeFileSync(file, problemsPage(readFileSync(file, 'utf8'), await catalogues()));
