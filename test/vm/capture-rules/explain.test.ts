import * as fc from 'fast-check';
import { decisive, doubts } from '../../../src/vm/capture-rules/explain.ts';
import type { Packet } from '../../../src/vm/capture-rules/packet.ts';
import { end, into, out, rulesOf, walked } from './world.ts';

const CURRENT = rulesOf('current');
const CLASSIC = rulesOf('classic');

describe('the rules of today', () => {
  test.each<readonly [string, Packet, string]>([
    ['an ordinary user is captured', out(33, '10.1.2.3:443'), 'redirected to 15001'],
    ['root is captured', out(0, '10.1.2.3:443'), 'redirected to 15001'],
    ['the sidecar is not captured', out(999, '10.1.2.3:443'), 'accepted'],
    ['the group of the sidecar is not captured', out(33, '10.1.2.3:443', { gid: 994 }), 'accepted'],
    ['the metadata server stays out', out(33, '169.254.169.254:80'), 'accepted'],
    ['an application reaches its own database by loopback', out(33, '127.0.0.1:3306'), 'accepted'],
    ['an application reaches itself by its own address', out(33, '10.150.0.62:8080'), 'accepted'],
    ['the sidecar that calls its own service comes in again', out(999, '10.150.0.62:8080'), 'redirected to 15006'],
    ['the sidecar delivers to its own application', out(999, '10.150.0.62:8080', { source: '127.0.0.6' }), 'accepted'],
    ['a name is resolved by the agent', out(33, '127.0.0.53:53', { protocol: 'udp' }), 'redirected to 15053'],
    ['a name is resolved by the agent over TCP', out(33, '127.0.0.53:53'), 'redirected to 15053'],
    ['other UDP is not captured', out(33, '10.1.2.3:443', { protocol: 'udp' }), 'accepted'],
    ['a captured port is taken to the sidecar', into(3306), 'redirected to 15006'],
    ['SSH is not captured', into(22), 'accepted'],
    ['a tunnel of ambient clients is not captured', into(15008), 'accepted'],
  ])('%s', (_, packet, wanted) => {
    const explained = walked(CURRENT, packet);
    expect(end(explained)).toBe(wanted);
    expect(doubts(explained)).toEqual([]);
  });

  test('each rule is shown with the reason for which it does not match', () => {
    const { steps } = walked(CURRENT, out(33, '10.1.2.3:443'));
    const shown = steps.map(({ rule, judgement: { holds, why } }) => [holds, rule, why]);
    expect(shown).toContainEqual([...['no', '-A ISTIO_OUTPUT -m owner --uid-owner 999 -j RETURN', 'the uid is 33']]);
    expect(shown.at(-1)).toEqual(['yes', '-A ISTIO_REDIRECT -p tcp -j REDIRECT --to-ports 15001', undefined]);
  });
});

describe('the rules of a classic mesh', () => {
  test.each<readonly [string, Packet, string]>([
    ['the service range is captured', out(33, '10.63.241.9:3306'), 'redirected to 15001'],
    ['what is outside of it is not', out(33, '10.1.2.3:443'), 'accepted'],
    ['root is not captured', out(0, '10.63.241.9:3306'), 'accepted'],
    ['the sidecar is not captured', out(999, '10.63.241.9:3306'), 'accepted'],
    ['loopback is not captured', out(33, '127.0.0.1:3306'), 'accepted'],
    [
      'the own address over loopback is captured, also for the sidecar',
      out(999, '10.150.0.62:3306'),
      'redirected to 15001',
    ],
    ['UDP is not captured', out(33, '10.63.241.9:3306', { protocol: 'udp' }), 'accepted'],
    ['SSH is not captured', into(22), 'accepted'],
    ['the database is captured', into(3306), 'redirected to 15001'],
  ])('%s', (_, packet, wanted) => {
    expect(end(walked(CLASSIC, packet))).toBe(wanted);
  });

  test('the own address over loopback is judged first, then users, loopback, ranges', () => {
    const order = walked(CLASSIC, out(33, '10.1.2.3:443')).steps.map(({ rule }) => rule);
    expect(order.filter((rule) => rule.startsWith('-A ISTIO_OUTPUT'))).toEqual(
      CLASSIC.split('\n').filter((line) => line.startsWith('-A ISTIO_OUTPUT')),
    );
  });
});

const inNat = (...rules: readonly string[]): string =>
  ['*nat', ':OUTPUT ACCEPT [0:0]', ':PREROUTING ACCEPT [0:0]', ':A - [0:0]', ':B - [0:0]', ...rules, 'COMMIT'].join(
    '\n',
  );
const LAST = '-A OUTPUT -j REDIRECT --to-ports 1';

describe('a rule', () => {
  test.each([
    ['a chain that ends returns to the rule behind the jump', ['-A OUTPUT -j A', LAST], 'redirected to 1'],
    [
      'RETURN returns to the rule behind the jump',
      ['-A OUTPUT -j A', LAST, '-A A -j RETURN', '-A A -j DROP'],
      'redirected to 1',
    ],
    ['RETURN in a built-in chain leaves the packet to the policy', ['-A OUTPUT -j RETURN', LAST], 'accepted'],
    [
      'a chain that was gone to returns to the caller of the caller',
      ['-A OUTPUT -j A', LAST, '-A A -g B', '-A A -j DROP'],
      'redirected to 1',
    ],
    [
      'a mark that an earlier rule sets can be matched',
      ['-A OUTPUT -j MARK --set-xmark 0x5/0xf', '-A OUTPUT -m mark --mark 0x5/0xf -j DROP', LAST],
      'dropped',
    ],
    [
      'a packet that is not tracked comes to no nat rule',
      [LAST, 'COMMIT', '*raw', ':OUTPUT ACCEPT [0:0]', '-A OUTPUT -j CT --notrack'],
      'accepted',
    ],
    ['a policy drops', [LAST, 'COMMIT', '*mangle', ':OUTPUT DROP [0:0]'], 'dropped'],
    [
      'a filter that drops the redirected packet decides',
      [LAST, 'COMMIT', '*filter', ':OUTPUT ACCEPT [0:0]', '-A OUTPUT -o lo -p tcp -m tcp --dport 1 -j REJECT'],
      'rejected',
    ],
    [
      'a filter that drops the original port does not',
      [LAST, 'COMMIT', '*filter', ':OUTPUT ACCEPT [0:0]', '-A OUTPUT -p tcp -m tcp --dport 443 -j DROP'],
      'redirected to 1',
    ],
    ['a target that meshx does not know is not guessed', ['-A OUTPUT -j SYNPROXY', LAST], 'unknown'],
    ['chains that jump in a circle end', ['-A OUTPUT -j A', '-A A -j B', '-A B -j A'], 'unknown'],
  ])('%s', (_, rules, wanted) => {
    expect(end(walked(inNat(...rules), out(33, '10.1.2.3:443')))).toBe(wanted);
  });

  test.each([
    ['-d 10.1.0.0/16', 'yes'],
    ['! -d 10.1.0.0/16', 'no'],
    ['-d 10.0.2.0/255.0.255.0', 'yes'],
    ['-d 10.0.9.0/255.0.255.0', 'no'],
    ['-d fd00::/8', 'no'],
    ['-s 10.150.0.62/32', 'yes'],
    ['-o eth+', 'yes'],
    ['-o lo', 'no'],
    ['-i eth0', 'no'],
    ['-p tcp -m tcp --dport 440:450', 'yes'],
    ['-p tcp -m multiport --dports 80,440:450', 'yes'],
    ['-p tcp -m multiport ! --dports 80,440:450', 'no'],
    ['-p udp -m udp --dport 443', 'no'],
    ['-m owner --uid-owner 30-40', 'yes'],
    ['-m owner ! --uid-owner 33', 'no'],
    ['-m owner --gid-owner 7', 'no'],
    ['-m owner --gid-owner 7 --suppl-groups', 'unknown'],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', 'no'],
    ['-m conntrack --ctstate INVALID,NEW', 'yes'],
    ['-m state --state NEW', 'yes'],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', 'yes'],
    ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN', 'no'],
    ['-m addrtype --dst-type LOCAL', 'no'],
    ['-m addrtype ! --dst-type LOCAL', 'yes'],
    ['-m addrtype --dst-type BROADCAST', 'unknown'],
    ['-m iprange --dst-range 10.1.2.1-10.1.2.9', 'yes'],
    ['-m comment --comment "it is -j DROP for \\"all\\""', 'yes'],
    ['-m set --match-set mine dst', 'unknown'],
    ['-m limit --limit 5/min', 'unknown'],
    ['-p udp -m limit --limit 5/min', 'no'],
    ['-p tcp -m tcp --sport 1000:2000', 'unknown'],
    ['-m bpf', 'unknown'],
  ])('%s is judged %s', (words, wanted) => {
    const { steps } = walked(inNat(`-A OUTPUT ${words} -j DROP`), out(33, '10.1.2.3:443'));
    expect(steps[0]?.judgement.holds).toBe(wanted);
  });

  test.each([
    ['-d fd00::/8', 'yes'],
    ['! -d ::1/128', 'yes'],
    ['-d 10.0.0.0/8', 'no'],
    ['-s fd00:150::62/128', 'yes'],
    ['-m iprange --dst-range fd00::1-fd00::9', 'unknown'],
  ])('for IPv6, %s is judged %s', (words, wanted) => {
    const ends = { family: 6, source: 'fd00:150::62', destination: 'fd00:63::5' } as const;
    const { steps } = walked(inNat(`-A OUTPUT ${words} -j DROP`), out(33, '10.1.2.3:443', ends));
    expect(steps[0]?.judgement.holds).toBe(wanted);
  });

  test('for a client that is not named, rules about sources cannot be judged', () => {
    const { source: _source, ...packet } = into(3306);
    const explained = walked(inNat('-A PREROUTING -s 10.0.0.0/8 -j DROP'), packet);
    expect(doubts(explained)).toHaveLength(1);
    expect(end(explained)).toBe('accepted');
  });
});

test('of two programs, what stops the packet decides, and two different redirects cannot be judged', () => {
  const [first, other, closed] = [
    walked(inNat(LAST), out(33, '10.1.2.3:443')),
    walked(inNat('-A OUTPUT -j REDIRECT --to-ports 2'), out(33, '10.1.2.3:443')),
    walked(inNat('-A OUTPUT -j DROP'), out(33, '10.1.2.3:443')),
  ];
  expect(decisive([first, other])).toMatchObject({ several: true });
  expect(decisive([first, first])).toMatchObject({ several: false });
  expect(decisive([first, closed])).toMatchObject({ one: closed, several: false });
});

const condition = fc.constantFrom(
  ...['-p tcp', '-p udp', '-d 10.0.0.0/8', '-d 127.0.0.1/32', '-s 10.150.0.62/32', '-o lo', '-o eth0'],
  ...['-p tcp -m tcp --dport 443', '-p tcp -m tcp --dport 1:400', '-m owner --uid-owner 33', '-m owner --uid-owner 0'],
  ...[
    '-m conntrack --ctstate NEW',
    '-m mark --mark 0x1',
    '-m addrtype --dst-type LOCAL',
    '-m set --match-set x dst',
    '',
  ],
);
const target = fc.constantFrom(
  'RETURN',
  'ACCEPT',
  'DROP',
  'A',
  'B',
  'REDIRECT --to-ports 15001',
  'LOG',
  'MARK --set-xmark 0x1/0x1',
);
const rule = fc
  .tuple(fc.constantFrom('OUTPUT', 'OUTPUT', 'A', 'B'), condition, fc.constantFrom('-j', '-g'), target)
  // A circle of jumps is refused by the kernel: B jumps to no chain, A to B only.
  .filter(([chain, , , to]) => !(to === 'A' && chain !== 'OUTPUT') && !(to === 'B' && chain === 'B'))
  .map(([chain, when, how, to]) => `-A ${chain} ${when ? `${when} ` : ''}${/^[AB]$/.test(to) ? how : '-j'} ${to}`);
const packet = fc.constantFrom(
  out(33, '10.1.2.3:443'),
  out(0, '127.0.0.1:80'),
  out(999, '192.0.2.1:53', { protocol: 'udp' }),
);

test('rules that cannot match change no verdict', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 20 }), fc.nat(20), packet, (rules, at, first) => {
      const more = rules.toSpliced(at, 0, '-A OUTPUT -p icmp -j DROP');
      expect(walked(inNat(...more), first).verdict).toEqual(walked(inNat(...rules), first).verdict);
    }),
  );
});

test('rules that cannot be judged are named, and never decide', () => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 20 }), packet, (rules, first) => {
      const before = walked(inNat(...rules), first);
      const after = walked(inNat('-A OUTPUT -m recent --name x --rcheck -j DROP', ...rules), first);
      expect(after.verdict).toEqual(before.verdict);
      expect(doubts(after)).toHaveLength(doubts(before).length + 1);
    }),
  );
});

test('a condition and its negation never hold both, and one of them holds where the answer is known', () => {
  const single = condition.filter((words) => words !== '' && !words.includes(' -m ') && !words.startsWith('-m'));
  fc.assert(
    fc.property(single, packet, (words, first) => {
      const [plain, negated] = [words, `! ${words}`].map(
        (text) => walked(inNat(`-A OUTPUT ${text} -j LOG`), first).steps[0]?.judgement.holds,
      );
      expect([plain, negated].sort()).toEqual(['no', 'yes']);
    }),
  );
});

test('moving rules into a chain of their own changes no verdict of a rule set without RETURN', () => {
  const flat = fc.array(
    rule.filter((text) => text.startsWith('-A OUTPUT') && !/RETURN$|[AB]$/.test(text)),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(flat, packet, (rules, first) => {
      const moved = ['-A OUTPUT -j A', ...rules.map((text) => text.replace('-A OUTPUT', '-A A'))];
      expect(end(walked(inNat(...moved), first))).toBe(end(walked(inNat(...rules), first)));
    }),
  );
});
