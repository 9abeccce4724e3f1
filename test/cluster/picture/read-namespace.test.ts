import { setTimeout as pause } from 'node:timers/promises';
import type { PartReader } from '../../../src/cluster/picture/part.ts';
import { readNamespace } from '../../../src/cluster/picture/read-namespace.ts';

const refuse = async (ms: number): Promise<never> => {
  await pause(ms);
  throw new Error('the run was stopped');
};

test.each([
  { list: 0, get: 10 },
  { list: 10, get: 0 },
])('a namespace whose requests all end fails once, with no rejection left over: after %j ms', async (after) => {
  const read: PartReader = { list: () => refuse(after.list), get: () => refuse(after.get) };
  await expect(readNamespace(read, 'vm', 'istio-ca-root-cert')).rejects.toThrow('the run was stopped');
  // jest fails a test that leaves one.
  await pause(50);
});
