import { jest } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aMachine, type Machine } from './shim-vm.ts';

jest.setTimeout(60_000);

/** The environment that the agent gets, of the keys in the settings. */
async function environment(files: {
  readonly cluster?: string;
  readonly instance?: string;
  readonly sidecar?: string;
}) {
  await using machine = await aMachine();
  await machine.write('var/lib/istio/envoy/cluster.env', files.cluster ?? '');
  await machine.write('run/meshx/instance.env', files.instance ?? '');
  await machine.write('var/lib/istio/envoy/sidecar.env', files.sidecar ?? '');
  expect(await machine.sidecarStart({ HOME: '/var/lib/istio' })).toEqual({ code: 0, stdout: '', stderr: '' });
  const lines = (await machine.read('environment')).split('\0').filter((line) => !/^(PATH|HOME|PWD|_)=|^$/.test(line));
  return Object.fromEntries(lines.map((line) => [line.split('=', 1)[0], line.slice(line.indexOf('=') + 1)]));
}

test('sidecar.env wins over what the start detected, which wins over cluster.env', async () => {
  const env = await environment({
    cluster: "A='cluster'\nB='cluster'\nC='cluster'\n",
    instance: "B='instance'\nC='instance'\n",
    sidecar: 'C=sidecar\n',
  });
  expect(env).toEqual({ A: 'cluster', B: 'instance', C: 'sidecar' });
});

test('a value is what systemd reads for EnvironmentFile', async () => {
  const sidecar = [
    '# A comment with a backslash \\',
    'A = plain ',
    'B="two  words"',
    "C='it\"s'",
    "D='it'\"'\"'s'",
    'E=10.0.0.0/8,\\',
    '172.16.0.0/12',
    'F=a b  c\t',
    'G="say \\"$x\\" \\$y \\n"',
    'H=$(id) `id` $HOME ~ *',
    'I=',
    'J=windows\r',
    '; K=comment',
    'L="two',
    'lines"',
    'M=x"y"',
    'A=later',
  ];
  expect(await environment({ sidecar: `${sidecar.join('\n')}\n` })).toEqual({
    A: 'later',
    B: 'two  words',
    C: 'it"s',
    D: "it's",
    E: '10.0.0.0/8,172.16.0.0/12',
    F: 'a b  c',
    G: 'say "$x" $y \\n',
    H: '$(id) `id` $HOME ~ *',
    I: '',
    J: 'windows',
    L: 'two\nlines',
    M: 'x"y"',
  });
});

test('lines that are not assignments, and variables that steer the loader or the shell, do not reach the agent', async () => {
  const hostile = [
    'PATH',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'LD_AUDIT',
    'BASH_ENV',
    'ENV',
    'IFS',
    'MESHX_ROOT',
    'GCONV_PATH',
  ];
  const sidecar = [...hostile.map((key) => `${key}=/nowhere`), 'export X=1', 'A B=1', '1A=1', 'Y=a\u0001b', 'GOOD=1'];
  expect(await environment({ sidecar: `${sidecar.join('\n')}\n` })).toEqual({ GOOD: '1' });
});

test('a file that ends within quotes does not take the next one for its value', async () => {
  expect(await environment({ cluster: 'A="x\nB=1\n', sidecar: 'C=1\n' })).toMatchObject({ C: '1' });
});

test('the flags of the agent are words, and no pattern', async () => {
  await using machine = await aMachine();
  await machine.write('var/lib/istio/envoy/sidecar.env', 'ISTIO_AGENT_FLAGS="--proxyLogLevel debug --x=/*"\n');
  await machine.sidecarStart();
  expect(await machine.read('arguments')).toBe('proxy sidecar --proxyLogLevel debug --x=/*\n');
});

test('a log that cannot be written does not keep the sidecar from starting', async () => {
  await using machine = await aMachine();
  await machine.write('var/log/istio/istio.log/is-a-folder', '');
  const { code, stderr } = await machine.sidecarStart();
  expect(code).toBe(0);
  expect(stderr).toContain('istio.log: the sidecar runs without it');
  expect(await machine.read('arguments')).toBe('proxy sidecar\n');
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
(hasOpenssl ? describe : describe.skip)('certificates at a start', () => {
  /** A key and its certificate, as text. */
  const pair = async (account?: string): Promise<{ key: string; chain: string }> => {
    const folder = await mkdtemp(join(tmpdir(), 'meshx-pair-'));
    const [key, chain] = [join(folder, 'key.pem'), join(folder, 'cert-chain.pem')];
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      '/O=mesh',
      '-days',
      '1',
      ...(account === undefined ? [] : ['-addext', `subjectAltName=URI:spiffe://cluster.local/${account}`]),
    ];
    execFileSync('openssl', [...request, '-keyout', key, '-out', chain], { stdio: 'ignore' });
    const texts = { key: await readFile(key, 'utf8'), chain: await readFile(chain, 'utf8') };
    await rm(folder, { recursive: true });
    return texts;
  };
  const put = async (machine: Machine, key: string, chain: string): Promise<void> => {
    await machine.write('etc/certs/key.pem', key);
    await machine.write('etc/certs/cert-chain.pem', chain);
  };

  test('a pair that a killed agent left half replaced gives way to the former one', async () => {
    await using machine = await aMachine();
    const [former, next] = [await pair(), await pair()];
    await put(machine, former.key, former.chain);
    expect((await machine.sidecarStart()).stderr).toBe('');
    await put(machine, next.key, former.chain);
    expect((await machine.sidecarStart()).stderr).toContain('the previous pair is restored');
    expect(await machine.read('etc/certs/key.pem')).toBe(former.key);
  });

  test('without a former one both go, so that the sidecar uses its token', async () => {
    await using machine = await aMachine();
    const [one, other] = [await pair(), await pair()];
    await put(machine, one.key, other.chain);
    expect((await machine.sidecarStart()).stderr).toContain('uses its token');
    await expect(machine.read('etc/certs/key.pem')).rejects.toThrow('ENOENT');
  });

  test.each([
    ['of another namespace', 'ns/shop/sa/web', true, false],
    ['of another account', 'ns/bank/sa/db', true, false],
    ['of this account', 'ns/bank/sa/web', true, true],
    ['of another namespace without a newer token', 'ns/shop/sa/web', false, true],
    ['without an account', undefined, true, true],
  ])('a pair %s: whether it stays', async (_what, named, hasToken, stays) => {
    await using machine = await aMachine();
    const { key, chain } = await pair(named);
    await put(machine, key, chain);
    await machine.write('run/meshx/instance.env', "POD_NAMESPACE='bank'\n");
    await machine.write('var/lib/istio/envoy/cluster.env', "POD_NAMESPACE='former'\nSERVICE_ACCOUNT='web'\n");
    await machine.write('run/secrets/tokens/istio-token', 'token');
    const at = Date.now() / 1000 + (hasToken ? 60 : -60);
    await utimes(join(machine.root, 'run/secrets/tokens/istio-token'), at, at);
    const { stderr, code } = await machine.sidecarStart();
    expect(code).toBe(0);
    if (stays) expect([stderr, await machine.read('etc/certs/key.pem')]).toEqual(['', key]);
    else {
      expect(stderr).toContain(
        `the certificate is of ${named}, and the sidecar is now ns/bank/sa/web: it uses its token`,
      );
      for (const file of ['etc/certs/key.pem', 'etc/certs/cert-chain.pem', 'run/meshx/sidecar/key.pem'])
        await expect(machine.read(file)).rejects.toThrow('ENOENT');
    }
  });
});
