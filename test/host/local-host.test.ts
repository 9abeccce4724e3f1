import { LocalHost } from '../../src/host/local-host.ts';
import { hostContract } from './contract.ts';

hostContract('LocalHost', () => Promise.resolve(new LocalHost()));

test('the name of the host is in its problems', async () => {
  await using host = new LocalHost({ name: 'this machine' });
  const run = host.run({ argv: ['sleep', '100'], timeoutMs: 50 });
  await expect(run).rejects.toMatchObject({
    message: 'this machine: sleep did not finish within 0.1 s and was stopped.',
  });
});
