import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseUnits, readUnits } from '../../../src/agent/machine/units.ts';

const { signal } = new AbortController();
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meshx-units-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function systemctl(script: string): string {
  const path = join(folder, `systemctl-${script.length}`);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

describe('the states of the units', () => {
  it('are asked for by name, and read from the blocks of the answer', async () => {
    const program = systemctl(
      'shift 2; for unit; do printf "Id=%s\\nActiveState=active\\nUnitFileState=enabled\\n\\n" "$unit"; done',
    );
    const units = await readUnits(signal, program);
    expect([...units.keys()]).toContain('istio.service');
    expect(units.get('meshx-capture.service')).toEqual({ active: 'active', file: 'enabled' });
  });

  it('are empty when systemd does not answer', async () => {
    expect((await readUnits(signal, systemctl('exit 1'))).size).toBe(0);
    expect((await readUnits(signal, join(folder, 'none'))).size).toBe(0);
  });

  it('come from any text without a failure', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        for (const { active, file } of parseUnits(text).values())
          expect(typeof active + typeof file).toBe('stringstring');
      }),
    );
  });
});
