import { StrictQuestion } from '../../../src/cli/join/strict-question.ts';
import { portSecurity } from '../../../src/mesh/mutual-tls.ts';
import { aWorkload } from '../../vm/world.ts';

const NO_POLICIES = {
  ...{ peerAuthentications: [], destinationRules: [] },
  ...{ rootNamespace: 'istio-system', clusterDomain: 'cluster.local' },
};
const PORTS = portSecurity(
  aWorkload({ services: [{ name: 'db', ports: [{ number: 3306, name: 'mysql' }] }] }),
  NO_POLICIES,
);

test('one question is open at a time, also while a VM is inspected again', async () => {
  const open: ((answer: string) => void)[] = [];
  const ask = (): Promise<string> => new Promise((resolve) => open.push(resolve));
  const question = new StrictQuestion({ ask, err: () => undefined });
  const of = (vm: string): Promise<boolean> => question.of(vm)!(PORTS);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const first = of('a');
  await turn();
  open.shift()?.('yes');
  expect(await first).toBe(true);
  const second = of('b');
  await turn();
  expect(await of('a')).toBe(true);
  const third = of('c');
  await turn();
  expect(open).toHaveLength(1);
  open.shift()?.('no');
  expect(await second).toBe(false);
  await turn();
  open.shift()?.('y');
  expect(await third).toBe(true);
  expect(question.answered('a', {})).toEqual({ strictPort: ['3306'] });
  expect(question.answered('b', {})).toEqual({});
});
