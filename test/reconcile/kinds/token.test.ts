import { execFileSync } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { planHash, summaries } from '../../../src/reconcile/plan.ts';
import { ME, outcomes, planFor, reconcile, ShimMachine } from '../shim-machine.ts';

const IDENTITY = 'spiffe://cluster.local/ns/vm/sa/default';

function world() {
  const vm = new ShimMachine();
  const [certificate, key] = [vm.path('etc/cert-chain.pem'), vm.path('etc/key.pem')];
  const path = vm.path('etc/istio-token');
  const want = {
    kind: 'token',
    path,
    secret: 'istio-token',
    owner: ME,
    mode: '0600',
    certificate,
    key,
    identity: IDENTITY,
  } as const;
  /** A certificate for a time given to openssl's -not_before and -not_after, or for so many days from now. */
  const issue = (names: string, days = 1) => {
    const subject = ['-subj', '/O=test', '-addext', `subjectAltName=${names}`, '-days', `${days}`];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        ...subject,
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    );
  };
  return { vm, want, issue, path, certificate, key };
}

test('a machine without a certificate gets the token, for its owner only', async () => {
  const { vm, want, path } = world();
  expect(summaries(await planFor(vm, want))).toEqual([`deliver a token to ${path}`]);
  await reconcile(vm, want);
  expect(vm.read(path)).toBe('the-secret-istio-token');
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test('with a valid certificate of the right identity no token is delivered', async () => {
  const { vm, want, issue } = world();
  issue(`URI:${IDENTITY}`);
  expect(summaries(await planFor(vm, want))).toEqual([]);
});

test.each([
  ['another identity', 'URI:spiffe://cluster.local/ns/other/sa/default'],
  ['an identity that only begins alike', `URI:${IDENTITY}2`],
  ['the identity as a DNS name', 'DNS:spiffe.cluster.local'],
])('a certificate of %s is none', async (_, names) => {
  const { vm, want, issue } = world();
  issue(names);
  expect(summaries(await planFor(vm, want))).toHaveLength(1);
});

test("the machine's clock judges whether the certificate is valid", async () => {
  const { vm, want, issue, certificate } = world();
  issue(`URI:${IDENTITY}`, 1);
  const date = (time: string) =>
    writeFileSync(`${vm.folder}/bin/date`, `#!/bin/sh\nexec /bin/date -d '${time}' "$@"\n`, { mode: 0o755 });
  date('+2 days');
  expect(summaries(await planFor(vm, want))).toHaveLength(1);
  date('-2 days');
  expect(summaries(await planFor(vm, want))).toHaveLength(1);
  date('+1 hour');
  expect(summaries(await planFor(vm, want))).toEqual([]);
  writeFileSync(certificate, 'no certificate\n');
  expect(summaries(await planFor(vm, want))).toHaveLength(1);
});

test('a certificate without its key is none', async () => {
  const { vm, want, issue, key } = world();
  issue(`URI:${IDENTITY}`);
  writeFileSync(key, '');
  expect(summaries(await planFor(vm, want))).toHaveLength(1);
});

test('neither token nor key is in a plan, a command line, or the output of a probe', async () => {
  const { vm, want, issue, path, key } = world();
  issue('DNS:other');
  const planned = await planFor(vm, want);
  await outcomes(planned, vm);
  await planFor(vm, want);
  const said = JSON.stringify([planned, planHash(planned), vm.commands.map(({ argv }) => argv)]);
  expect(said).not.toContain('the-secret');
  expect(said).not.toContain(vm.read(key).split('\n')[1]);
  const probe = vm.commands.at(-1);
  const { stdout } = probe ? await vm.run(probe) : { stdout: '' };
  const answer = Buffer.from(stdout, 'base64').toString();
  expect(answer).toContain('BEGIN CERTIFICATE');
  expect(answer).not.toContain('PRIVATE KEY');
  expect(answer).not.toContain('the-secret');
  expect(existsSync(path)).toBe(true);
});

test.each(['', 'a\nb'])('a secret that is no token is refused: %j', async (secret) => {
  const { vm, want, path } = world();
  const [outcome] = await outcomes(await planFor(vm, want), vm, { sources: { secret: async () => secret } });
  expect(outcome?.problem?.id).toBe('secret-invalid');
  expect(existsSync(path)).toBe(false);
});

test('a key of many lines arrives byte for byte, for its owner only', async () => {
  const { vm, want, path } = world();
  const pem = '-----BEGIN PRIVATE KEY-----\nMIIB\nAAAA\n-----END PRIVATE KEY-----\n';
  const planned = await planFor(vm, { ...want, form: 'pem' });
  expect(summaries(planned)).toEqual([`deliver ${path}`]);
  const [outcome] = await outcomes(planned, vm, { sources: { secret: async () => pem } });
  expect(outcome?.status).toBe('changed');
  expect(vm.read(path)).toBe(pem);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test.each(['', 'a-token', '-----BEGIN CERTIFICATE-----\nMIIB\n'])(
  'a secret that is no whole PEM text is refused: %j',
  async (secret) => {
    const { vm, want, path } = world();
    const planned = await planFor(vm, { ...want, form: 'pem' });
    const [outcome] = await outcomes(planned, vm, { sources: { secret: async () => secret } });
    expect(outcome?.problem?.id).toBe('secret-not-pem');
    expect(existsSync(path)).toBe(false);
  },
);
