import { Lab } from '../lab/lab.ts';
import { expectDone } from './support/done.ts';
import { makeStrictNamespace } from './support/strict.ts';

let lab: Lab;
const VM = 'verified';
const URL = 'http://verified.checked.svc.cluster.local:8080/headers';

beforeAll(async () => {
  lab = await Lab.attach();
  await makeStrictNamespace(lab, 'checked');
  await lab.vm(VM, '10.150.0.58', { mysql: 'off' });
  await lab.mustSsh(VM, 'systemctl enable --now lab-http@8080');
  const place = ['-n', 'checked', '--istio-namespace', 'istio-system', '--istiod-address', '10.150.0.1'];
  expectDone(await lab.meshx(['up', VM, ...place, '--service', 'verified:http:8080', '--package', lab.deb]));
}, 240_000);

afterAll(async () => await lab.removeMembers(), 60_000);

interface Verification {
  readonly verified: boolean;
  readonly groups: readonly {
    readonly title: string;
    readonly verdicts: readonly { readonly id: string; readonly outcome: string; readonly detail: string }[];
    readonly request: { readonly lines: readonly (readonly Readonly<Record<string, unknown>>[])[] };
  }[];
}

async function verify(...words: readonly string[]): Promise<Verification> {
  const ran = await lab.meshx(['verify', ...words, '-o', 'json']);
  if (![0, 4].includes(ran.exitCode)) expectDone(ran);
  return JSON.parse(ran.stdout) as Verification;
}

test('a request from the VM to its own service is joined from both logs, and mutual TLS is seen', async () => {
  const report = await verify(URL, '--from', VM, '--vm', VM);
  expect(report.verified).toBe(true);
  const [group] = report.groups;
  const outcome = Object.fromEntries((group?.verdicts ?? []).map(({ id, outcome: said }) => [id, said]));
  expect(outcome).toEqual({
    'request-answered': 'ok',
    'through-proxies': 'ok',
    'mutual-tls-seen': 'ok',
    'log-lines': 'ok',
    'proxy-errors': 'ok',
  });
  const [lines = []] = group?.request.lines ?? [];
  expect(lines.map(({ direction }) => direction)).toEqual(['outbound', 'inbound']);
  expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(1);
});

test('a plaintext client outside the mesh is cut off, and that is said', async () => {
  const report = await verify('http://10.150.0.58:8080/', '--vm', VM);
  expect(report.verified).toBe(false);
  const [answered] = report.groups[0]?.verdicts ?? [];
  expect(answered).toMatchObject({ outcome: 'error', detail: expect.stringContaining('cut off') });
});
