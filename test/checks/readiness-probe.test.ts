import { judgeProbe } from '../../src/checks/preflight/readiness-probe.ts';
import { parseCheck } from '../../src/mesh/probe.ts';
import { parseListeners } from '../../src/vm/preflight/sockets.ts';
import { mysqlWorkload } from '../mesh/support.ts';

const ADDRESSES = ['10.0.0.5'];
const listening = (...addresses: readonly string[]) =>
  parseListeners(addresses.map((address) => `LISTEN 0 80 ${address}:3306 0.0.0.0:*`));
const details = (probe: string, listeners: ReturnType<typeof listening>, more: object = {}) =>
  judgeProbe(mysqlWorkload({ probe: parseCheck(probe, 3306) }), { addresses: ADDRESSES, listeners, ...more }).map(
    ({ detail }) => detail,
  );

test.each(['tcp', 'mysql', 'grpc'])(
  '--probe %s stops a join where the service listens on the VM address only',
  (probe) => {
    expect(details(probe, listening('10.0.0.5'))).toEqual([
      'Its readiness probe connects to port 3306 of localhost, and a program listens on 10.0.0.5 only: it never passes.',
    ]);
  },
);

test.each([[['0.0.0.0']], [['*']], [['[::]']], [['127.0.0.1']], [['10.0.0.5', '127.0.0.1']], [[]]])(
  '--probe tcp reaches a service that listens on %j',
  (addresses) => expect(details('tcp', listening(...addresses))).toEqual([]),
);

test('--probe http reaches the VM address, unless no interface has it', () => {
  expect(details('http', listening('10.0.0.5'))).toEqual([]);
  expect(details('http', [], { translated: true })).toEqual([expect.stringContaining('it never passes')]);
});
