import { createServer, type AddressInfo, type Server } from 'node:net';
import fc from 'fast-check';
import { LocalHost } from '../../src/host/local-host.ts';
import { judgeReach as judged } from '../../src/checks/join/reachability.ts';
import { compareReach, reachedNow } from '../../src/operations/join/reach.ts';
import {
  compareReachability,
  type PortAnswer,
  reachability,
  type Reachability,
} from '../../src/vm/reachability/reachability.ts';

const from = (answers: Readonly<Record<number, PortAnswer>>): Reachability => ({ from: 'this machine', answers });
const answer = fc.constantFrom<PortAnswer>('open', 'refused', 'silent');

describe('reachability before and after', () => {
  test.each<{ title: string; answers: readonly [PortAnswer, PortAnswer]; captured: boolean; same: boolean }>([
    { title: 'a port that is not captured answers as before', answers: ['open', 'open'], captured: false, same: true },
    { title: 'a port that is not captured was opened', answers: ['silent', 'open'], captured: false, same: false },
    { title: 'a port that is not captured was closed', answers: ['open', 'refused'], captured: false, same: false },
    { title: 'a captured port stays open', answers: ['open', 'open'], captured: true, same: true },
    { title: 'a captured port was lost', answers: ['open', 'silent'], captured: true, same: false },
    { title: 'a captured port was opened past the firewall', answers: ['silent', 'open'], captured: true, same: false },
    { title: 'the sidecar answers where nothing listened', answers: ['refused', 'open'], captured: true, same: true },
  ])('$title', ({ answers: [was, is], captured, same }) => {
    const before = from({ 22: 'open', 3306: was });
    const changes = compareReachability(before, from({ 22: 'open', 3306: is }), new Set(captured ? [3306] : []));
    expect(changes).toEqual(same ? [] : [{ from: 'this machine', port: 3306, before: was, after: is }]);
    expect(judged({ before: [before], changes }).ok).toBe(same);
  });

  test('nothing changed is nothing to say, whatever the answers and whatever is captured', () => {
    const machine = fc.dictionary(fc.integer({ min: 1, max: 65535 }).map(String), answer);
    fc.assert(
      fc.property(machine, fc.array(fc.integer({ min: 1, max: 65535 })), (answers, ports) => {
        expect(compareReachability(from(answers), from({ ...answers }), new Set(ports))).toEqual([]);
      }),
    );
  });

  test('a silent port is asked twice, and a late answer counts', async () => {
    const asked: number[] = [];
    const probe = (port: number): Promise<PortAnswer> => {
      asked.push(port);
      return Promise.resolve(asked.length === 1 ? 'silent' : 'open');
    };
    expect(await reachability('here', [3306], probe)).toEqual({ from: 'here', answers: { 3306: 'open' } });
    expect(asked).toEqual([3306, 3306]);
  });

  test('it says from where no port was asked, and why', () => {
    const seat = { outside: false, why: 'meshx runs on the VM itself' } as const;
    expect(judged({ before: [from({ 22: 'open' })], changes: [], seat })?.detail).toBe(
      '1 ports answer as before, tried from this machine; not tried from here: meshx runs on the VM itself',
    );
  });

  test('where nothing answers at all, nothing was seen', () => {
    expect(judged({ before: [from({ 22: 'silent', 3306: 'silent' })], changes: [] }).ok).toBe('skipped');
  });
});

describe('asked of real ports', () => {
  const listen = (): Promise<Server> =>
    new Promise((resolve) => {
      const server = createServer((socket) => socket.destroy());
      server.listen(0, '127.0.0.1', () => resolve(server));
    });
  const close = (server: Server): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  // as: a TCP server that listens has an address with a port.
  const portOf = (server: Server): number => (server.address() as AddressInfo).port;

  test('a port that listens is open, one that does not is refused, and one that stops is named', async () => {
    const [stays, goes] = [await listen(), await listen()];
    const ports = [portOf(stays), portOf(goes)];
    const question = { address: '127.0.0.1', ports, signal: new AbortController().signal };
    const before = await reachedNow(question);
    expect(before).toEqual([from({ [portOf(stays)]: 'open', [portOf(goes)]: 'open' })]);
    const same = await compareReach(question, before, new Set());
    expect(judged(same)).toMatchObject({ ok: true });
    const gone = portOf(goes);
    await close(goes);
    const lost = await compareReach(question, before, new Set());
    expect(judged(lost)).toMatchObject({ ok: false, detail: `${gone} was open and is refused (from this machine)` });
    await close(stays);
  });

  test('another machine asks by its bash', async () => {
    await using client = new LocalHost();
    const server = await listen();
    const port = portOf(server);
    const question = { address: '127.0.0.1', ports: [port], client, signal: new AbortController().signal };
    expect((await reachedNow(question)).map(({ from: place, answers }) => [place, answers[port]])).toEqual([
      ['this machine', 'open'],
      [client.name, 'open'],
    ]);
    await close(server);
    expect((await reachedNow(question)).map(({ answers }) => answers[port])).toEqual(['refused', 'refused']);
  });
});
