import { jest } from '@jest/globals';
import { Lab } from '../../lab/lab.ts';

/** Milliseconds that one step of the lab may take on a slow machine: a boot, an onboarding. */
export const STEP = 120_000;

/**
 * The lab of this run, for one test file: `const lab = useLab()`, then `lab()` in hooks and tests. A file that needs an
 * empty cluster says `fresh`: that is 6 s more. VMs, pods and hosts that the file made are taken away after it.
 */
export function useLab(wanted: { readonly fresh?: boolean } = {}): () => Lab {
  let lab: Lab | undefined;
  jest.setTimeout(STEP);
  beforeAll(async () => {
    lab = wanted.fresh ? await Lab.up(() => undefined) : await Lab.attach();
  }, STEP);
  afterAll(async () => await lab?.removeMembers(), STEP);
  return () => {
    if (!lab) throw new Error('the lab is there from beforeAll on');
    return lab;
  };
}
