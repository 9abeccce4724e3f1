import { hostPort } from '../../mesh/address.ts';
import type { Seen } from '../check.ts';
import { readCertificates } from './certificates.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const path = { category: 'path', severity: 'error' } as const;

/** The way from the VM to istiod and to other networks. */
export const istiodChecks: readonly VmCheck[] = [
  {
    ...{ ...path, id: 'istiod-name', category: 'dns' },
    title: 'the name of istiod resolves on the VM',
    needs: [...SUBJECT, 'istiod'],
    judge: name,
  },
  {
    ...{ ...path, id: 'istiod-way' },
    title: 'the VM reaches istiod',
    needs: [...SUBJECT, 'istiod'],
    judge: way,
  },
  {
    ...{ ...path, id: 'istiod-certificate', category: 'identity' },
    title: "istiod's certificate covers the name in use and is of a root that the VM trusts",
    needs: [...SUBJECT, 'istiod'],
    judge: certificate,
  },
  {
    ...{ ...path, id: 'path-mtu', severity: 'warning' },
    title: 'packets of the full size reach istiod',
    needs: [...SUBJECT, 'path'],
    judge: mtu,
  },
  {
    ...{ ...path, id: 'east-west-way' },
    title: 'the VM reaches the gateways to other networks',
    needs: [...SUBJECT, 'eastWest'],
    judge: eastWest,
  },
];

function name(facts: VmFacts): readonly Seen[] {
  const { istiod } = facts;
  if (istiod.addresses.length === 0)
    return [
      wrongOn(facts, `${istiod.name} does not resolve, so the sidecar cannot find istiod`, {
        hint: `If its line in /etc/hosts is gone, write it again: ${facts.meshx('up')}; otherwise ask the name servers: ${facts.ssh('getent', 'ahosts', istiod.name)}`,
        repair: 'join',
      }),
    ];
  if (istiod.tookMs < SLOW_MS) return [];
  const detail = `${istiod.name} took ${(istiod.tookMs / 1000).toFixed(1)} s to resolve`;
  return [
    wrongOn(facts, detail, {
      hint: `Compare: ${facts.ssh('cat', '/etc/resolv.conf', '/etc/hosts')}`,
      severity: 'warning',
    }),
  ];
}

const SLOW_MS = 2000;

function way(facts: VmFacts): readonly Seen[] {
  const { addresses, open, closed, port, tls } = facts.istiod;
  if (addresses.length === 0) return [];
  if (open.length === 0 && closed.length > 0) {
    const tried = closed.map((address) => hostPort(address, port)).join(', ');
    const hint = `If the line in /etc/hosts is not that of the join, write it again: ${facts.meshx('up')}; else allow TCP from the VM to there, and see that istiod runs: ${facts.ssh('ip', 'route', 'get', closed[0] ?? '')}; meshx expose status`;
    return [wrongOn(facts, `no connection to istiod at ${tried}`, { hint, repair: 'join' })];
  }
  const [address] = open;
  if (!tls || address === undefined || tls.certificate !== '') return [];
  const detail = `${hostPort(address, port)} accepts connections and presents no certificate: ${tls.said[0] ?? 'it says nothing'}`;
  const hint =
    'See that the address is that of istiod, and not of a gateway that does not pass it: meshx expose status';
  return [wrongOn(facts, detail, { hint })];
}

/** Codes of `openssl verify`: x509_vfy.h. */
const HOST_MISMATCH = 62;
const OF_TIME = new Set([9, 10]);

function certificate(facts: VmFacts): readonly Seen[] {
  const { tls, says } = facts.istiod;
  const said = tls?.said
    .map((line) => /Verify return code: (\d+) \(([^)]*)\)/.exec(line))
    .find((match) => match !== null);
  const [code, reason] = [Number(said?.[1] ?? 0), said?.[2] ?? ''];
  if (!tls || tls.certificate === '' || code === 0) return [];
  if (code === HOST_MISMATCH) {
    const [leaf] = readCertificates(tls.certificate);
    const names = leaf?.subjectAltName?.replaceAll('DNS:', '') ?? 'no name';
    const hint = `Use one of these names where the VM joins, or let istiod's certificate have the name; see docs/checks.md: ${facts.meshx('up')}`;
    return [wrongOn(facts, `istiod's certificate is not for ${says}, but for ${names}`, { hint })];
  }
  const hint = OF_TIME.has(code)
    ? `Compare the clocks: ${facts.ssh('date', '-u')}`
    : `Compare the roots: ${facts.ssh('openssl', 'x509', '-noout', '-subject', '-fingerprint', '-sha256', '-in', '/etc/certs/root-cert.pem')}; bring them up to date, which ends the connections of the sidecar: ${facts.meshx('rejoin', '--restart')}`;
  return [wrongOn(facts, `the VM does not accept istiod's certificate: ${reason}`, { hint })];
}

/** ICMP may be closed: only if a small packet is answered and a full one is not, the path is too narrow. */
function mtu(facts: VmFacts): readonly Seen[] {
  const { path: found } = facts;
  if (found?.small !== true || found.full !== false || found.device === undefined) return [];
  const detail = `packets of ${found.mtu} bytes, the MTU of ${found.device}, do not reach istiod, and small ones do: large answers hang`;
  // IPv6 needs 1280 at least.
  const size = found.fits ?? Math.max(1280, (found.mtu ?? 1500) - 100);
  const hint = `Set the MTU of the way${found.fits === undefined ? ', such as' : ''}: ${facts.ssh('ip', 'link', 'set', found.device, 'mtu', String(size))}; and permanently in the settings of its network manager`;
  return [wrongOn(facts, detail, { hint })];
}

function eastWest(facts: VmFacts): readonly Seen[] {
  const closed = facts.eastWest.filter(({ open }) => !open);
  return closed.map(({ address }) =>
    wrongOn(
      facts,
      `no connection to the east-west gateway at ${hostPort(address, 15443)}, so pods of its network cannot be reached`,
      {
        hint: `Allow TCP from the VM to there; the route is: ${facts.ssh('ip', 'route', 'get', address)}`,
      },
    ),
  );
}
