import { comparePictures, formatDifference, isContentOnly } from '../../../src/reconcile/undo/compare.ts';
import { IGNORED } from '../../../src/reconcile/undo/ignored.ts';
import { parsePicture, type Picture } from '../../../src/reconcile/undo/picture.ts';

const HEAD = 'meshx picture, format 1\n';
const picture = (...lines: readonly string[]): Picture => {
  const parsed = parsePicture(`${HEAD}${lines.map((line) => `${line}\n`).join('')}`);
  if (typeof parsed === 'string') throw new TypeError(parsed);
  return parsed;
};
const a = 'a'.repeat(64);
const b = 'b'.repeat(64);

test('what came, what went and what changed is said in one line each', () => {
  const before = picture(`file\t/etc/a\tf root:root 644 ${a}`, 'user\tx\t1:1', 'listening\ttcp 0.0.0.0:22\t');
  const after = picture(
    `file\t/etc/a\tf root:root 644 ${b}`,
    'listening\ttcp 0.0.0.0:22\t',
    'listening\ttcp *:15001\t',
  );
  expect(comparePictures(before, after).map(formatDifference)).toEqual([
    '~ file /etc/a: f root:root 644 aaaaaaaaaaaa → f root:root 644 bbbbbbbbbbbb',
    '+ listening tcp *:15001',
    '- user x: 1:1',
  ]);
  expect(comparePictures(before, before)).toEqual([]);
});

test('a file that was left is a difference, what the list names is none', () => {
  const before = picture('file\t/etc\td root:root 755');
  const after = picture(
    'file\t/etc\td root:root 755',
    'file\t/etc/left\tf root:root 644 x',
    'file\t/etc/passwd-\tf root:root 644 x',
    'file\t/var/log/dpkg.log\tf root:root 644',
    'file\t/var/log/istio\td root:root 755',
    'file\t/run/meshx\td root:root 755',
    'sysctl\tnet.netfilter.nf_conntrack_max\t1',
    'sysctl\tnet.ipv4.ip_forward\t1',
  );
  expect(comparePictures(before, after).map(({ name }) => name)).toEqual([
    '/etc/left',
    '/run/meshx',
    '/var/log/istio',
    'net.ipv4.ip_forward',
  ]);
  expect(comparePictures(before, after, [])).toHaveLength(7);
});

test('the end of a boot during which a machine joined is no difference, a service that came is one', () => {
  const after = picture(
    'unit\tmulti-user.target\tactive',
    'unit\tgraphical.target\tactive',
    'unit\tleft.service\tactive',
  );
  expect(comparePictures(picture(), after).map(({ name }) => name)).toEqual(['left.service']);
});

// A snapshot taken during another login holds what that login writes: pam_motd's new message, an account's lock.
test.each([
  '/run/motd.dynamic.new',
  '/run/motd.dynamic',
  '/run/utmp',
  '/run/unattended-upgrades.lock',
  '/etc/passwd.lock',
  '/etc/shadow+',
])('%s, which others write for a moment, is no difference in either direction', (name) => {
  const [without, during] = [picture(), picture(`file\t${name}\tf root:root 644`)];
  expect(comparePictures(without, during)).toEqual([]);
  expect(comparePictures(during, without)).toEqual([]);
});

/** What the kernel has for an interface. */
const link = (name: string, forwarding = '0'): readonly string[] => [
  `sysctl\tnet.ipv4.conf.${name}.forwarding\t${forwarding}`,
  `sysctl\tnet.ipv6.conf.${name}.mtu\t1500`,
  `sysctl\tnet.ipv4.neigh.${name}.ucast_solicit\t3`,
  `route\t-6 fe80::/64 dev ${name} proto kernel metric 256 pref medium\t`,
  `route\t-4 10.1.0.0/16 dev ${name}\t`,
  `resolver\tresolvectl dns Link 5 (${name})\t`,
];

test('an interface of a container that came or went is no difference; one that stayed and changed is', () => {
  const before = picture(...link('eth0'), ...link('veth1'), ...link('eth0.5'));
  const after = picture(...link('eth0'), ...link('veth22'), ...link('eth0.5'));
  expect(comparePictures(before, after)).toEqual([]);
  expect(comparePictures(before, picture(...link('eth0', '1'), ...link('veth1')))).toEqual([
    { area: 'sysctl', name: 'net.ipv4.conf.eth0.forwarding', before: '0', after: '1' },
  ]);
});

test('a service behind a socket comes and goes; without its socket it is a difference', () => {
  const socket = 'unit\tpodman.socket\tactive';
  const service = 'unit\tpodman.service\tactive';
  expect(comparePictures(picture(socket, service), picture(socket))).toEqual([]);
  expect(comparePictures(picture(socket), picture(socket, service))).toEqual([]);
  expect(comparePictures(picture(socket, service), picture())).toHaveLength(2);
  expect(comparePictures(picture(service), picture(socket))).toHaveLength(2);
  expect(comparePictures(picture(socket, 'unit\tx.service\tactive'), picture(socket))).toHaveLength(1);
});

test('an interface hides nothing of another, nor of the whole machine', () => {
  const before = picture(...link('eth0'), ...link('v'));
  const left = [
    'resolver\tresolvectl dns Link 2 (eth0)\t10.0.0.1',
    'route\t-4 10.9.0.0/16 dev eth0\t',
    'sysctl\tnet.ipv4.conf.vx\t1',
    'sysctl\tnet.ipv4.ip_forward\t1',
  ];
  const after = picture(...link('eth0'), ...left);
  expect(comparePictures(before, after).map(({ name }) => name)).toEqual([
    'resolvectl dns Link 2 (eth0)',
    '-4 10.9.0.0/16 dev eth0',
    'net.ipv4.conf.vx',
    'net.ipv4.ip_forward',
  ]);
});

test('the list of what is left out is short, gives reasons, and names nothing of a mesh', () => {
  expect(IGNORED.length).toBeLessThanOrEqual(10);
  for (const { matches, reason } of IGNORED) {
    expect(reason.length).toBeGreaterThan(20);
    const pattern = new RegExp(`^(?:${matches})$`);
    const own = [
      '/etc/certs',
      '/etc/istio',
      '/run/meshx',
      '/run/secrets',
      '/var/log/istio',
      '/var/lib/istio',
      '/etc/hosts',
    ];
    expect(own.filter((path) => pattern.test(path))).toEqual([]);
  }
});

test.each([
  ['another format', 'meshx picture, format 2\nfile\t/etc\td\n'],
  ['nothing', ''],
  ['a line that was cut off', `${HEAD}file\t/etc\n`],
])('%s is no picture', (_title, text) => {
  expect(typeof parsePicture(text)).toBe('string');
});

test('only the content of a file differs when it was there, with owner and mode as before', () => {
  const before = picture(
    `file\t/etc/a\tf root:root 600 ${a}`,
    `file\t/etc/b\tf root:root 600 ${a}`,
    `file\t/etc/c\tf x:x 600 ${a}`,
  );
  const after = picture(
    `file\t/etc/a\tf root:root 600 ${b}`,
    `file\t/etc/b\tf root:root 644 ${b}`,
    `file\t/etc/d\tf x:x 600 ${a}`,
  );
  const found = comparePictures(before, after).filter(isContentOnly);
  expect(found.map(({ name }) => name)).toEqual(['/etc/a']);
});

test('a directory, a link and anything that is no file never differ in content only', () => {
  const differ = (area: string, before?: string, after?: string) =>
    isContentOnly({ area, name: 'x', ...(before !== undefined && { before }), ...(after !== undefined && { after }) });
  expect(differ('file', `f root:root 644 ${a}`, `f root:root 644 ${b}`)).toBe(true);
  expect(differ('unit', `f root:root 644 ${a}`, `f root:root 644 ${b}`)).toBe(false);
  expect(differ('file', 'd root:root 755', 'd root:root 700')).toBe(false);
  expect(differ('file', 'l /a', 'l /b')).toBe(false);
  expect(differ('file', undefined, `f root:root 644 ${b}`)).toBe(false);
  expect(differ('file', `f root:root 644 ${a}`)).toBe(false);
  expect(differ('file')).toBe(false);
});

test('a difference has only the sides that there are', () => {
  const found = comparePictures(picture('user\tx\t1', 'user\ty\t1'), picture('user\ty\t2', 'user\tz\t3'));
  expect(found).toStrictEqual([
    { area: 'user', name: 'x', before: '1' },
    { area: 'user', name: 'y', before: '1', after: '2' },
    { area: 'user', name: 'z', after: '3' },
  ]);
});

test('a name is ignored only in its own area, and only as a whole', () => {
  const names = [
    'unit\t/etc/passwd-\tx',
    'file\t/srv/etc/passwd-\tx',
    'file\t/etc/passwd-2\tx',
    'file\t/etc/passwd-\tx',
  ];
  expect(comparePictures([], picture(...names)).map(({ area, name }) => `${area} ${name}`)).toEqual([
    'file /etc/passwd-2',
    'file /srv/etc/passwd-',
    'unit /etc/passwd-',
  ]);
});

test.each([
  [{ before: '1 ' }, '- user x: 1'],
  [{ before: '' }, '- user x'],
  [{ after: ' 2 ' }, '+ user x: 2'],
  [{ after: ' ' }, '+ user x'],
  [{ before: '1', after: '2 ' }, '~ user x: 1 → 2'],
  [{}, '+ user x'],
])('a difference %j is shown as %s', (sides, line) => {
  expect(formatDifference({ area: 'user', name: 'x', ...sides })).toBe(line);
});
