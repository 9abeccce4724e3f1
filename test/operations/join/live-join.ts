import { tellJoin } from '../../../src/cli/join/text.ts';
import type { Command, Host, Output } from '../../../src/host/run/host.ts';
import { openContext } from '../../../src/operations/join/context.ts';
import { join } from '../../../src/operations/join/join.ts';
import type { JoinOptions } from '../../../src/operations/join/options.ts';
import type { VmReport } from '../../../src/operations/vm-report.ts';
import type { World } from '../../../src/world.ts';
import { aCurrentCluster, anEastWestGateway, aNamespace, selfSigned } from '../../support/cluster-objects.ts';
import { FakeApiServer } from '../../support/fake-api-server.ts';
import { LiveVm } from '../change/live-vm.ts';

const NOW = new Date(2026, 0, 31, 9, 8, 41);
const IDENTITY = 'spiffe://cluster.local/ns/vm/sa/web';

/** A Debian machine with the sidecar's programs, at an address where only this machine reaches it. */
const MACHINE: Readonly<Record<string, string>> = {
  os: 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"',
  hosts: '127.0.0.1 localhost\n127.0.1.1 vm1',
  nsswitch: 'hosts: files dns',
  resolv: 'nameserver 169.254.169.254',
  program: 'awk\nflock\ngetent\nip\nss\niptables\niptables-nft\niptables-legacy\ndpkg',
  disk: '9000000 /\n9000000 /',
  machine: 'x86_64',
  hostname: 'vm1',
  clock: String(NOW.getTime() / 1000),
  systemd: 'systemd 252 (252.39-1~deb12u2)',
  sidecar: '/usr/local/bin/pilot-agent\n/usr/local/bin/envoy',
  meshx: '/var/lib/meshx',
  tcp: 'LISTEN 0 128 0.0.0.0:22 0.0.0.0:* users:(("sshd",pid=99,fd=3)) ino:1 sk:1',
  ssh: '22',
  address: 'eth0 127.0.0.1/8',
  route: '127.0.0.1',
  reach: '10.150.0.30 open',
};

const areas = Object.entries(MACHINE).flatMap(([area, text]) => text.split('\n').map((line) => `${area}|${line}\n`));

const certificate = {
  subject_alt_names: [{ uri: IDENTITY }],
  valid_from: '2020-01-01T00:00:00Z',
  expiration_time: '2999-01-01T00:00:00Z',
};

type Answers = Readonly<Record<string, (args: readonly string[]) => string>>;

/** What a VM says that has joined, by the question. */
const ANSWERS: Answers = {
  resolves: () => '10.150.0.30 STREAM',
  answers: () => 'tls 10.150.0.30:15012\nconnected',
  ready: () => 'ready',
  capture: () => 'capture=on',
  own: () =>
    'listed|yes\naddress|127.0.0.1\ncode|0\nbytes|15\ntls|CONNECTION ESTABLISHED\nhttp|HTTP/1.1 200 OK\nhttp|server: istio-envoy',
  admin: ([path = '']) =>
    path === 'certs'
      ? JSON.stringify({ certificates: [{ cert_chain: [certificate] }] })
      : 'cluster_manager.cds.update_success: 1\nlistener_manager.lds.update_success: 1',
};

function answered(args: readonly string[], answers: Answers): string {
  const texts: string[] = [];
  for (let at = 2; at < args.length; at += 2 + Number(args[at + 1])) {
    const given = args.slice(at + 2, at + 2 + Number(args[at + 1]));
    texts.push(answers[args[at] ?? '']?.(given) ?? '');
  }
  return numbered(texts);
}

const numbered = (texts: readonly string[]): string =>
  texts.flatMap((text, at) => [...text.split('\n'), 'end 5'].map((line) => `${at + 1} ${line}\n`)).join('');

const CONNECTION = 'address|127.0.0.1\ncode|0\nbytes|0\nendpoint|127.0.0.1:8080\nhttp|HTTP/1.1 200 OK\nlog|';

/** The machine of a `LiveVm`, with what only a join asks. */
function machineOf(host: Host, answers: Answers): Host {
  const said = (stdout: string): Promise<Output> => Promise.resolve({ exitCode: 0, stdout, stderr: '' });
  const run = (command: Command, signal?: AbortSignal): Promise<Output> => {
    const name = (command.argv[3] ?? '').replace('meshx-', '');
    const args = command.argv.slice(4);
    if (name === 'preflight') return said(areas.join(''));
    if (name === 'session') return said('127.0.0.1 4711 127.0.0.1 22\n');
    if (name === 'ask') return said(answered(args, answers));
    if (name === 'connect') return said(numbered(Array.from({ length: (args.length - 3) / 5 }, () => CONNECTION)));
    return host.run(command, signal);
  };
  return { name: 'vm1', run, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}

/** What istiod made of the VM when its sidecar connected. */
const ENTRY = {
  ...{ apiVersion: 'networking.istio.io/v1', kind: 'WorkloadEntry', spec: { address: '127.0.0.1' } },
  metadata: {
    ...{ name: 'web-127.0.0.1', namespace: 'vm', labels: { 'service.meshx.dev/web': 'ready' } },
    annotations: { 'istio.io/autoRegistrationGroup': 'web', 'istio.io/connectedAt': '2026-01-31T09:00:00Z' },
  },
};

/** A cluster on loopback, and what `up vm1` prints there. */
export class LiveJoin {
  readonly vm = new LiveVm();
  answers: Answers = ANSWERS;
  readonly #server: FakeApiServer;

  constructor(server: FakeApiServer) {
    this.#server = server;
  }

  static cluster(): Promise<FakeApiServer> {
    const objects = [...aCurrentCluster({ rootCert: selfSigned().cert }), anEastWestGateway(), aNamespace('vm'), ENTRY];
    return FakeApiServer.start({ objects });
  }

  /** Writes to the cluster that were not only tried. */
  get writes(): number {
    return this.#server.requests.filter(({ method, query }) => method !== 'GET' && query['dryRun'] === undefined)
      .length;
  }

  async up(
    services: Readonly<Record<string, number>>,
    dryRun: boolean,
  ): Promise<{ readonly lines: readonly string[]; readonly report: VmReport }> {
    const lines: string[] = [];
    const names = { vm: 'vm1', verb: 'up', again: 'meshx up vm1', command: 'meshx up vm1' };
    const report = await join({
      ...names,
      context: await openContext(this.#world(), this.#options(services, dryRun)),
      repeats: true,
      login: async () => machineOf(await this.vm.login(), this.answers),
      observe: tellJoin({ ...names, say: (said) => void lines.push(...[said].flat()) }),
    });
    return { lines, report };
  }

  #world(): World {
    return {
      ...{ env: {}, cwd: '/', home: '/', version: '1.2.3', note: () => undefined },
      ...{ now: () => NOW, signal: this.vm.system.operator.signal },
    };
  }

  #options(services: Readonly<Record<string, number>>, dryRun: boolean): JoinOptions {
    const ports = Object.entries(services).map(([name, number]) => ({ name, ports: [{ number, name: 'http' }] }));
    return {
      cluster: {
        connect: { kubeconfig: this.#server.kubeconfig() },
        facts: { istioNamespace: 'istio-system', address: '10.150.0.30' },
        place: {},
      },
      machine: { ssh: {}, place: {} },
      workload: { group: 'web', namespace: 'vm', rest: { labels: {}, services: ports }, captureDns: true },
      ...{
        agent: { wanted: false },
        excludePorts: [],
        create: true,
        acceptRisk: [],
        repeated: {},
        forget: [],
        only: [],
      },
      ...{ confirmWithin: 90, restart: { allowed: true, limitMs: 30_000 }, dryRun },
    };
  }
}
