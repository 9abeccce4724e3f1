import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { waitFor } from '../lab/wait.ts';
import { capturedServers } from '../../src/vm/resolver/capture.ts';

// A slow machine takes its time to start the programs of a script.
jest.setTimeout(60_000);

const SCRIPT = fileURLToPath(new URL('../../systemd/resolver', import.meta.url));
/** How often `prepare` looks, and how long `watch` sleeps. */
const LIMITS: Readonly<Record<string, readonly string[]>> = { prepare: ['1'], watch: ['0.05'] };
const OWN = ['10.150.0.5', 'fd00:150::5'];

/** Replaces the machine's programs: loaded rules are in PROGRAM.loaded, requested ones in PROGRAM.restored. */
const PROGRAMS: Readonly<Record<string, string>> = {
  ip: `case " $* " in ${OWN.map((address) => `*" ${address} "*`).join(' | ')}) echo "local $5 dev lo" ;; *) echo "$5 via 10.150.0.1" ;; esac`,
  save: 'cat "$ROOT/${0##*/}.loaded" 2>/dev/null',
  restore: 'cat > "$ROOT/${0##*/}.asked"',
  // The jump is not there yet; all else is written down.
  iptables: 'case " $* " in *" -C "*) exit 1 ;; esac; echo "${0##*/} $*" >> "$ROOT/calls"',
};

interface Machine extends AsyncDisposable {
  readonly run: (verb: string) => Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>;
  /** The same without an end; killed with the machine. */
  readonly start: (verb: string) => void;
  readonly write: (path: string, text: string) => Promise<void>;
  /** Empty when there is no such file. */
  readonly read: (path: string) => Promise<string>;
}

async function aMachine(): Promise<Machine> {
  const root = await mkdtemp(join(tmpdir(), 'meshx-resolver-'));
  for (const folder of ['usr/local/bin', 'etc', 'run/meshx']) await mkdir(join(root, folder), { recursive: true });
  const write = (path: string, text: string): Promise<void> => writeFile(join(root, path), text, { mode: 0o755 });
  const families = ['iptables-nft', 'ip6tables-nft'];
  const files = families.flatMap((each) => [
    [each, 'iptables'],
    [`${each}-save`, 'save'],
    [`${each}-restore`, 'restore'],
  ]);
  for (const [name = '', kind = ''] of [...files, ['ip', 'ip']])
    await write(join('usr/local/bin', name), `#!/bin/sh\nROOT=\${0%/usr/local/bin/*}\n${PROGRAMS[kind]}\n`);
  await write('run/meshx/capture.env', 'ISTIO_META_DNS_CAPTURE=true\nPROXY_UID=997\nFORCE_IPTABLES_BINARY=nft\n');
  for (const each of families)
    await write(`${each}-save.loaded`, '*nat\n:ISTIO_OUTPUT - [0:0]\n:ISTIO_MESHX_DNS - [0:0]\nCOMMIT\n');
  const words = (verb: string): string[] => [SCRIPT, '--root', root, verb, ...(LIMITS[verb] ?? [])];
  const started: ChildProcess[] = [];
  return {
    write,
    read: (file) => readFile(join(root, file), 'utf8').catch(() => ''),
    run: (verb) =>
      new Promise((resolve) => {
        execFile('sh', words(verb), (error, stdout, stderr) =>
          resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr }),
        );
      }),
    start: (verb) => {
      started.push(spawn('sh', words(verb), { stdio: 'ignore', detached: true }));
    },
    [Symbol.asyncDispose]: async () => {
      for (const { pid } of started) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
      await rm(root, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

const conf = (...servers: readonly string[]): string => servers.map((each) => `nameserver ${each}\n`).join('');

/** What `follow` loads for IPv4 when the sidecar started with the one list and the machine has the other. */
async function followed(started: readonly string[], now: readonly string[]) {
  await using machine = await aMachine();
  await machine.write('run/meshx/resolv.conf', conf(...started));
  await machine.write('etc/resolv.conf', conf(...now));
  const ran = await machine.run('follow');
  expect(ran.code).toBe(0);
  const rules = (await machine.read('iptables-nft-restore.asked'))
    .split('\n')
    .filter((line) => /-p udp.*(DNAT|REDIRECT)/.test(line));
  return {
    ...ran,
    led: rules.flatMap((rule) => /-d (\S+) .* --to-destination (\S+)/.exec(rule)?.slice(1).join(' → ') ?? []),
    captured: rules.flatMap((rule) => /-d (\S+) .* REDIRECT/.exec(rule)?.[1] ?? []),
    calls: await machine.read('calls'),
    six: await machine.read('ip6tables-nft-restore.asked'),
  };
}

describe('the servers that the sidecar sees', () => {
  test.each([
    ['one elsewhere', ['10.150.0.2'], ['10.150.0.2']],
    ['dnsmasq, and its upstream behind it', ['127.0.0.1', '10.150.0.2'], ['127.0.0.1']],
    ["a server on the machine's own address, and its upstream", ['10.150.0.5', '10.150.0.2'], ['10.150.0.5']],
    ['dnsmasq behind its upstream', ['10.150.0.2', '127.0.0.1', '10.150.0.3'], ['10.150.0.2', '10.150.0.3']],
    ['both families', ['10.150.0.2', 'fd00:150::2'], ['10.150.0.2', 'fd00:150::2']],
    ['an address with a zone, which no rule can name', ['fe80::1%eth0', '10.150.0.2'], ['10.150.0.2']],
    ['one twice', ['10.150.0.2', '10.150.0.2'], ['10.150.0.2']],
    ['none', [], []],
  ])('%s', async (_, all, taken) => {
    await using machine = await aMachine();
    await machine.write('etc/resolv.conf', `search vm.example.test\n${conf(...all)}options edns0\n`);
    expect((await machine.run('prepare')).code).toBe(0);
    expect(await machine.read('run/meshx/resolv.conf')).toBe(
      `search vm.example.test\noptions edns0\n${conf(...taken)}`,
    );
  });

  test('what the report says is what the script does', async () => {
    await using machine = await aMachine();
    const address = fc.constantFrom(
      '127.0.0.1',
      '127.0.0.53',
      '::1',
      '10.150.0.2',
      '10.150.0.5',
      'fd00:150::5',
      'fe80::1%eth0',
    );
    const property = fc.asyncProperty(fc.array(address, { maxLength: 4 }), async (servers) => {
      await machine.write('etc/resolv.conf', conf(...servers));
      const { stdout } = await machine.run('view');
      expect(stdout).toBe(conf(...capturedServers(conf(...servers), OWN).taken));
    });
    await fc.assert(property, { numRuns: 25 });
  });

  test('a machine without resolv.conf gets an empty one for the sidecar only, and a note', async () => {
    await using machine = await aMachine();
    const { code, stderr } = await machine.run('prepare');
    expect({
      code,
      view: await machine.read('run/meshx/resolv.conf'),
      conf: await machine.read('etc/resolv.conf'),
    }).toEqual({
      code: 0,
      view: '',
      conf: '',
    });
    expect(stderr).toContain('names no server');
  });
});

describe('a change while the sidecar runs', () => {
  test.each([
    {
      what: 'another server',
      started: ['10.0.0.2'],
      now: ['10.0.0.9'],
      led: ['10.0.0.2 → 10.0.0.9'],
      captured: ['10.0.0.9'],
    },
    {
      what: 'a new one in front of it',
      started: ['10.0.0.2'],
      now: ['10.0.0.9', '10.0.0.2'],
      led: ['10.0.0.2 → 10.0.0.9'],
      captured: ['10.0.0.9'],
    },
    // Were it captured, the agent would ask the first for it too.
    { what: 'a further one behind it', started: ['10.0.0.2'], now: ['10.0.0.2', '10.0.0.3'], led: [], captured: [] },
    {
      what: 'two for two',
      started: ['10.0.0.2', '10.0.0.3'],
      now: ['10.0.0.8', '10.0.0.9'],
      led: ['10.0.0.2 → 10.0.0.8', '10.0.0.3 → 10.0.0.9'],
      captured: ['10.0.0.8', '10.0.0.9'],
    },
    {
      what: 'one for two',
      started: ['10.0.0.2', '10.0.0.3'],
      now: ['10.0.0.9'],
      led: ['10.0.0.2 → 10.0.0.9', '10.0.0.3 → 10.0.0.9'],
      captured: ['10.0.0.9'],
    },
    {
      what: 'one of two is gone',
      started: ['10.0.0.2', '10.0.0.3'],
      now: ['10.0.0.3'],
      led: ['10.0.0.2 → 10.0.0.3'],
      captured: [],
    },
    {
      what: 'another upstream behind dnsmasq',
      started: ['127.0.0.1'],
      now: ['127.0.0.1', '10.0.0.9'],
      led: [],
      captured: [],
    },
  ])('$what', async ({ started, now, led, captured }) => {
    expect(await followed(started, now)).toMatchObject({ led, captured });
  });

  test('the same servers in another order are no change', async () => {
    const { calls, led, captured } = await followed(['10.0.0.2', '10.0.0.3'], ['10.0.0.3', '10.0.0.2']);
    expect({ led, captured }).toEqual({ led: [], captured: [] });
    // What an earlier change left is taken away.
    expect(calls).toContain('iptables-nft -w 10 -t nat -X ISTIO_MESHX_DNS\n');
  });

  test.each([
    ['a server on the machine for one elsewhere', ['10.0.0.2'], ['127.0.0.1']],
    ['no server of the family', ['10.0.0.2'], ['fd00::9']],
    ['the sidecar started without any', [], ['10.0.0.9']],
  ])('%s is not captured, and the next step is said', async (_, started, now) => {
    const { led, captured, six, stderr } = await followed(started, now);
    expect({ led, captured, six }).toEqual({ led: [], captured: [], six: '' });
    expect(stderr).toContain('systemctl restart istio.service');
  });

  test('an empty resolv.conf, as between two leases, changes nothing', async () => {
    const { calls, led } = await followed(['10.0.0.2'], []);
    expect({ calls, led }).toEqual({ calls: '', led: [] });
  });

  test('is seen each time, without a notification', async () => {
    await using machine = await aMachine();
    await machine.write('run/meshx/resolv.conf', conf('10.0.0.2'));
    await machine.write('etc/resolv.conf', conf('10.0.0.2'));
    machine.start('watch');
    for (const server of ['10.0.0.8', '10.0.0.9']) {
      await machine.write('etc/resolv.conf', conf(server));
      const asked = async (): Promise<boolean> =>
        (await machine.read('iptables-nft-restore.asked')).includes(`--to-destination ${server}\n`);
      await waitFor(`the rules for ${server}`, asked);
    }
  });

  test('without capture nothing is loaded', async () => {
    await using machine = await aMachine();
    await machine.write('run/meshx/resolv.conf', conf('10.0.0.2'));
    await machine.write('etc/resolv.conf', conf('10.0.0.9'));
    await machine.write('run/meshx/capture.env', '');
    expect((await machine.run('follow')).code).toBe(0);
    expect(await machine.read('iptables-nft-restore.asked')).toBe('');
  });
});
