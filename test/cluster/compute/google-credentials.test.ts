import { createServer, type AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { googleCredentials } from '../../../src/cluster/compute/google-credentials.ts';
import { problemOf } from '../../support/problem.ts';

test('a missing metadata server is only in the Problem, not in a warning of Node.js', async () => {
  const home = mkdtempSync(join(tmpdir(), 'meshx-home-'));
  // A network in which something else answers at the address: the lookup ends with an error that it does not expect.
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const changed = { HOME: home, GCE_METADATA_HOST: `127.0.0.1:${(server.address() as AddressInfo).port}` };
  const before = { ...process.env };
  Object.assign(process.env, changed);
  delete process.env['GOOGLE_APPLICATION_CREDENTIALS'];
  const [emit, warnings] = [process.emitWarning, [] as unknown[]];
  process.emitWarning = ((...words: unknown[]) => void warnings.push(words)) as typeof process.emitWarning;
  try {
    const problem = await problemOf(googleCredentials({ env: {}, timeoutMs: 5000 }));
    expect(problem.id).toBe('cloud-credentials-missing');
    await delay(50);
    expect(warnings).toEqual([]);
    process.emitWarning('another one', 'OtherWarning');
    expect(warnings).toHaveLength(1);
  } finally {
    process.emitWarning = emit;
    for (const name of Object.keys(changed)) delete process.env[name];
    Object.assign(process.env, before);
    server.close();
    rmSync(home, { recursive: true, force: true });
  }
});
