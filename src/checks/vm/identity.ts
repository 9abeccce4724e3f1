import { mapping, text } from '../../mesh/unknown.ts';
import { parseEnv } from '../../mesh/env-value.ts';
import { PLACES } from '../../vm/places.ts';
import type { Seen } from '../check.ts';
import { envoyCerts } from '../join/certificate.ts';
import { readCertificates, shortOf } from './certificates.ts';
import { SUBJECT, type VmCheck, type VmFacts, wrongOn } from './facts.ts';

const identity = { category: 'identity', severity: 'error' } as const;

/** Who the VM is in the mesh, whom it trusts, and until when. */
export const identityChecks: readonly VmCheck[] = [
  {
    ...{ ...identity, id: 'vm-root' },
    title: 'the VM trusts the roots of the mesh',
    needs: [...SUBJECT, 'certificates', 'controlRoots'],
    judge: roots,
  },
  {
    ...{ ...identity, id: 'vm-certificate' },
    title: "the sidecar's certificate is valid and is renewed in time",
    needs: [...SUBJECT, 'certs', 'now'],
    judge: certificate,
  },
  {
    ...{ ...identity, id: 'vm-identity' },
    title: "the sidecar's certificate is for the account of the VM",
    needs: [...SUBJECT, 'certs', 'env'],
    judge: account,
  },
  {
    ...{ ...identity, id: 'vm-token' },
    title: 'the VM can get a certificate: by a valid one, or by its token',
    needs: [...SUBJECT, 'certificates', 'tokens', 'now'],
    judge: token,
  },
  {
    ...{ ...identity, id: 'off-until', severity: 'warning' },
    title: 'the VM may be switched off for more than an hour',
    needs: [...SUBJECT, 'certificates', 'tokens', 'now'],
    judge: offUntil,
  },
];

function rootPem({ certificates }: Pick<VmFacts, 'certificates'>): string {
  return certificates.get(PLACES.rootCert) ?? '';
}

function roots(facts: VmFacts): readonly Seen[] {
  const wanted = readCertificates(text(mapping(facts.controlRoots?.['data'])['root-cert.pem']) ?? '');
  const found = readCertificates(rootPem(facts));
  if (wanted.length === 0) return [];
  const known = new Set(found.map(({ fingerprint256 }) => fingerprint256));
  const missing = wanted.filter(({ fingerprint256 }) => !known.has(fingerprint256));
  if (missing.length === 0) return [];
  const has = found.length === 0 ? 'none' : found.map(shortOf).join(', ');
  const all = missing.length === wanted.length;
  const detail = `${PLACES.rootCert} lacks root ${missing.map(shortOf).join(', ')} of the mesh; it has ${has}`;
  const effect = all ? ', so the VM refuses istiod at its next start' : ': a rotation has not arrived here';
  const hint = `Bring the roots up to date, and let the sidecar read them, which ends its connections: ${facts.meshx('rejoin', '--restart')}`;
  return [wrongOn(facts, `${detail}${effect}`, { hint, severity: all ? 'error' : 'warning' })];
}

const RENEWED = 0.8;

/** Without an answer of Envoy nothing is said: the checks of the sidecar say why. */
function certificate(facts: VmFacts): readonly Seen[] {
  if (facts.certs === '') return [];
  const [found] = envoyCerts(facts.certs);
  const hint = `Read why in its log: ${facts.ssh('tail', '-n', '30', '/var/log/istio/istio.err.log', '/var/log/istio/istio.log')}; for a new token: ${facts.meshx('rejoin')}`;
  if (!found) return [wrongOn(facts, 'the sidecar has no certificate', { hint })];
  const [from, until, now] = [found.from, found.until, facts.now].map((date) => date.getTime()) as [
    number,
    number,
    number,
  ];
  if (until <= now)
    return [wrongOn(facts, `the sidecar's certificate ended at ${found.until.toISOString()}`, { hint })];
  if (from > now + 60_000)
    return [
      wrongOn(facts, `the sidecar's certificate begins at ${found.from.toISOString()}, so a clock is wrong`, {
        hint: `Compare the clocks: ${facts.ssh('date', '-u')}`,
      }),
    ];
  if (now < from + (until - from) * RENEWED) return [];
  const detail = `the sidecar's certificate ends at ${found.until.toISOString()} and was not renewed at half of its lifetime`;
  return [wrongOn(facts, detail, { hint, severity: 'warning' })];
}

function account(facts: VmFacts): readonly Seen[] {
  const settings = new Map([...facts.env.values()].flatMap((file) => [...parseEnv(file)]));
  const [namespace, wanted] = [settings.get('POD_NAMESPACE'), settings.get('SERVICE_ACCOUNT')];
  const uris = envoyCerts(facts.certs).flatMap((each) => each.uris);
  if (!namespace || !wanted || uris.length === 0) return [];
  const end = `/ns/${namespace}/sa/${wanted}`;
  if (uris.some((uri) => uri.endsWith(end))) return [];
  const detail = `the sidecar's certificate is for ${[...new Set(uris)].join(', ')}, and its settings say account ${wanted} of namespace ${namespace}`;
  return [wrongOn(facts, detail, { hint: `Get a token for that account: ${facts.meshx('rejoin')}` })];
}

/** When the certificate on the disk and the token end. */
function ends({ certificates, tokens }: Pick<VmFacts, 'certificates' | 'tokens'>) {
  const [leaf] = readCertificates(certificates.get(PLACES.certChain) ?? '');
  return { certificate: leaf && new Date(leaf.validTo), token: tokens.get(PLACES.token)?.until };
}

function token(facts: VmFacts): readonly Seen[] {
  const { certificate: until, token: tokenUntil } = ends(facts);
  if ((until && until > facts.now) || (tokenUntil && tokenUntil > facts.now)) return [];
  const certificateState = until ? `its certificate ended at ${until.toISOString()}` : 'it has no certificate';
  const tokenState = tokenUntil ? `its token ended at ${tokenUntil.toISOString()}` : 'it has no token';
  const detail = `the VM has no valid identity: ${certificateState}, and ${tokenState}`;
  return [wrongOn(facts, detail, { hint: `Give it a new token: ${facts.meshx('rejoin')}`, repair: 'join' })];
}

const HOUR_MS = 3_600_000;

/** Until when the VM comes back by itself: with a certificate or a token that is still valid, and a root that is. */
function offUntil(facts: VmFacts): readonly Seen[] {
  const { certificate: until, token: tokenUntil } = ends(facts);
  const own = [
    ...(until ? [{ what: 'its certificate', date: until }] : []),
    ...(tokenUntil ? [{ what: 'its token', date: tokenUntil }] : []),
  ].sort((a, b) => b.date.getTime() - a.date.getTime())[0];
  if (!own || own.date <= facts.now) return [];
  const rootEnds = readCertificates(rootPem(facts)).map(({ validTo }) => ({
    what: 'the root',
    date: new Date(validTo),
  }));
  const last = [own, ...rootEnds].sort((a, b) => a.date.getTime() - b.date.getTime())[0] ?? own;
  const when = `${last.date.toISOString()}, when ${last.what} ends`;
  if (last.date.getTime() - facts.now.getTime() > HOUR_MS)
    return [{ ok: true, object: `VM ${facts.vm}`, detail: `${facts.vm}: it may be switched off until ${when}` }];
  const hint = `Before it is switched off for longer: ${facts.meshx('rejoin')}`;
  return [wrongOn(facts, `it may be switched off only until ${when}; later it needs a new token`, { hint })];
}
