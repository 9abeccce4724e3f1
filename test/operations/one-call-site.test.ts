import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SRC = new URL('../../src', import.meta.url).pathname;
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));

/** The calls of a function, without its declaration, comments and imports. */
function callSites(pattern: RegExp): readonly string[] {
  return files.flatMap((file) => {
    const lines = readFileSync(join(SRC, file), 'utf8').split('\n');
    return lines.flatMap((line) =>
      pattern.test(line) && !/^\s*(\*|\/\/|\/\*)|\bfunction\b|\bimport\b/.test(line) ? [file] : [],
    );
  });
}

test.each([
  ['armed', /\bawait arm\(/, ['operations/change/dead-man.ts']],
  ['confirmed', /\bawait confirm\(\w+, \{ again\b/, ['operations/change/dead-man.ts']],
  ['rolled back', /\brevertNow\(/, ['operations/change/dead-man.ts']],
  ['locked', /\bwithLock\(/, ['operations/change/under-lock.ts']],
  ['changed by the loop over the engine', /for await .*\bapply(Begun)?\(/, ['operations/change/apply-steps.ts']],
])('a VM is %s in one place only', (_what, pattern, sites) => {
  expect(callSites(pattern)).toEqual(sites);
});
