import { collected } from '../support/collected.ts';
import type { JoinQuestion } from '../../src/checks/join/question.ts';
import { inwardGroups } from '../../src/checks/join/traffic-checks.ts';
import { runChecks } from '../../src/checks/run.ts';
import { judgeSeat, type SeatFacts } from '../../src/vm/reachability/seat.ts';
import type { DialAnswer } from '../../src/vm/reachability/dial.ts';
import { seatAt } from '../../src/vm/reachability/find-seat.ts';
import { connect } from '../../src/host/ssh/connect.ts';
import { parseConnection } from '../../src/vm/questions/connection.ts';
import { parseOwnEndpoint } from '../../src/vm/questions/own-endpoint.ts';
import type { Host } from '../../src/host/run/host.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { sshServer } from '../support/ssh-server.ts';

const [VM, DESK] = ['10.150.0.5', '10.150.0.1'];
const direct = { local: DESK, localPort: 40_000, remote: VM };
const base: SeatFacts = {
  address: VM,
  own: ['127.0.0.1', DESK],
  direct,
  session: `${DESK} 40000 ${VM} 22`,
  sidecar: false,
  answersThere: () => Promise.resolve(false),
};
const seat = (change: Partial<SeatFacts>) => judgeSeat({ ...base, ...change });

describe('the seat from which a VM is asked', () => {
  test.each<[string, Partial<SeatFacts>, string]>([
    ['straight', {}, 'this machine'],
    ['by a login that only the VM describes', { direct: undefined as never }, 'this machine'],
    ['without a word of the VM', { session: '' }, 'this machine'],
    ['behind NAT', { session: `203.0.113.9 5 ${VM} 22` }, 'this machine, behind NAT as 203.0.113.9'],
    [
      'at another address, where the same host key answers at the one of the mesh',
      { direct: { ...direct, remote: '203.0.113.5' }, answersThere: () => Promise.resolve(true) },
      'this machine',
    ],
  ])('is outside the mesh: %s', async (_, change, name) => {
    expect(await seat(change)).toEqual({ outside: true, name });
  });

  test.each<[string, Partial<SeatFacts>, RegExp]>([
    ['the VM itself, by its address', { own: ['127.0.0.1', VM], direct: { ...direct, local: VM } }, /on the VM itself/],
    ['the VM itself, at 127.0.0.1', { own: [VM], session: '127.0.0.1 5 127.0.0.1 22' }, /on the VM itself/],
    ['the VM itself, its mesh address being foreign', { own: [VM], address: '203.0.113.5' }, /on the VM itself/],
    ['a rootless container on the VM', { own: ['10.0.2.100'], session: `${VM} 5 ${VM} 22` }, /come from itself/],
    ['a pod with a sidecar, or another VM of the mesh', { sidecar: true }, /inside the mesh/],
    ['behind a redirect that no sidecar shows', { session: `${DESK} 55555 ${VM} 22` }, /redirected/],
    [
      'behind a port that is forwarded to the VM',
      { direct: { ...direct, remote: '203.0.113.5' }, session: `198.51.100.1 5 ${VM} 22` },
      /10\.150\.0\.5 is not known to lead to the VM/,
    ],
    ['behind a jump host', { direct: undefined as never, session: `10.0.0.9 5 ${VM} 22` }, /not known to lead/],
  ])('is not outside: %s', async (_, change, why) => {
    expect(await seat(change)).toEqual({ outside: false, why: expect.stringMatching(why) });
  });
});

test('a port is tried from a seat outside only, until the answer is that of the policies', async () => {
  const service = { name: 'mysqldb', ports: [{ name: 'tcp-mysql', number: 3306 }] };
  const dialled: number[] = [];
  let limitMs = 0;
  let answer = (): DialAnswer => 'open-with-bytes';
  const connection = parseConnection('');
  const vm = {
    ask: () => Promise.resolve({ value: '', ms: 0 }),
    connect: () => Promise.resolve({ value: connection, ms: 0 }),
    askOwn: () => Promise.resolve({ value: parseOwnEndpoint(''), ms: 0 }),
  };
  const look = async (change: object) => {
    // as: of the whole question, the checks of a port read these fields.
    const question = {
      ...{ workload: { services: [service] }, cluster: { generation: 'current' }, vm: { address: VM } },
      ...{ outside: { 3306: 'refused' }, ...change },
      dial: (_: string, port: number) => {
        dialled.push(port);
        return Promise.resolve(answer());
      },
    } as unknown as JoinQuestion;
    const results = await collected(runChecks([inwardGroups(question, vm)], { limitMs }));
    return results.find(({ id }) => id.startsWith('outside-client'));
  };
  expect(await look({ seat: { outside: false, why: 'meshx runs on the VM itself' } })).toMatchObject({
    ok: 'skipped',
    detail: 'not tried: meshx runs on the VM itself',
  });
  expect(await look({ shut: [3306] })).toMatchObject({ ok: 'skipped' });
  expect(dialled).toEqual([]);
  expect(await look({ seat: { outside: true, name: 'this machine' } })).toMatchObject({
    ok: false,
    detail: expect.stringContaining('tried from this machine'),
  });

  // A policy of a moment ago reaches the sidecar while the check looks: two connections each time.
  const before = dialled.length;
  limitMs = 10_000;
  answer = () => (dialled.length < before + 4 ? 'open-with-bytes' : 'closed');
  expect(await look({ seat: { outside: true, name: 'this machine' } })).toMatchObject({ ok: true });
});

test('a login to an address of this machine is a seat on the VM; the host key tells whether an address leads there', async () => {
  const [server, stranger] = [await sshServer(), await sshServer()];
  const home = temporaryFolder();
  const options = { home, env: { USER: 'me' }, sshConfig: 'none', acceptNewHostKey: true, port: server.port };
  await using host: Host = await connect('127.0.0.1', options);
  expect(host.link?.direct).toMatchObject({ local: '127.0.0.1', remote: '127.0.0.1' });
  expect(await host.link?.isAt('127.0.0.1', server.port)).toBe(true);
  expect(await host.link?.isAt('127.0.0.1', stranger.port)).toBe(false);
  expect(await host.link?.isAt('127.0.0.1', 1)).toBe(false);
  expect(await seatAt(host, '192.0.2.7', `127.0.0.1 5 127.0.0.1 ${server.port}`)).toMatchObject({ outside: false });
  await Promise.all([server.close(), stranger.close()]);
});
