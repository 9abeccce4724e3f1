import { LocalHost } from '../../host/local-host.ts';
import { parseIp } from '../../mesh/address.ts';
import { parseName } from '../../mesh/names.ts';
import { DASHBOARD_NAMES } from '../../operations/forward/dashboards.ts';
import { type ForwardOptions, forwardService } from '../../operations/forward/forward-service.ts';
import { openDashboard, type Page, PAGES, readDashboards } from '../../operations/forward/open-dashboard.ts';
import type { Forward } from '../../operations/forward/forward.ts';
import type { ListenAddress } from '../../operations/forward/own-address.ts';
import { present } from '../../present.ts';
import { shown } from '../../problems/mesh.ts';
import { clusterOptions } from '../cluster-options.ts';
import type { Call } from '../command.ts';
import { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatTable } from '../table.ts';

const PORTS = [1, 65_535] as const;
const SECONDS = 60;
const BROWSER_MS = 10_000;

/** `meshx dashboard PAGE` */
export async function dashboard(call: Call): Promise<void> {
  const { world, terminal } = call;
  const input = new Input('dashboard', call);
  const cluster = clusterOptions(input);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const isList = input.flag('list');
  const page = isList ? undefined : pageOf(input);
  const listen = listenOf(input);
  // From the command line only: MESHX_PORT is the SSH port.
  const port = call.given['port'] === undefined ? undefined : input.number('port', PORTS);
  const timeoutMs = secondsOf(input) * 1000;
  input.accept();
  if (page === undefined) {
    const dashboards = await readDashboards(world, cluster);
    if (output !== 'text') return terminal.out(formatDocument({ dashboards }, output));
    return terminal.out(
      formatTable([['NAME', 'SERVICE', 'STATE'], ...dashboards.map((each) => [each.name, each.service, each.state])]),
    );
  }
  const options = { cluster, listen, timeoutMs, ...present({ port }) };
  await untilStopped(
    call,
    openDashboard(world, page, options, async ({ place, notes }) => {
      sayStarted(call, { place, notes });
      if (call.given['browser'] !== false) await openBrowser(call, place);
    }),
  );
}

/** `meshx forward TARGET` */
export async function forward(call: Call): Promise<void> {
  const { world, args } = call;
  const input = new Input('forward', call);
  const cluster = clusterOptions(input);
  const target = args[0] === 'gateway' || args[0] === 'istiod' ? args[0] : undefined;
  if (target === undefined) input.issue(`<target>: ${shown(args[0] ?? '')} is not one of gateway, istiod`);
  const place = placeOf(input);
  const service = input.parsed('service', (text) => parseName(text, 'subdomain'));
  const namespace = input.parsed('namespace', (text) => parseName(text, 'namespace'));
  const portName = input.text('portName');
  if (target === 'istiod' && (service ?? namespace ?? portName) !== undefined)
    input.issue('--service, --namespace and --port-name: for gateway only');
  const timeoutMs = secondsOf(input) * 1000;
  input.accept();
  const wanted: ForwardOptions = {
    cluster,
    target: target ?? 'gateway',
    timeoutMs,
    ...place,
    ...present({ service, namespace, portName }),
  };
  await untilStopped(
    call,
    forwardService(world, wanted, (started) => {
      sayStarted(call, started);
      if (target === 'istiod')
        call.terminal.err(`note: VMs reach istiod here with: meshx up VM --istiod-address ${started.place}`);
    }),
  );
}

function secondsOf(input: Input): number {
  return input.number('timeout', [1, 86_400]) ?? SECONDS;
}

function sayStarted({ terminal }: Call, { place, notes }: Forward): void {
  for (const note of notes) terminal.err(note.startsWith('warning: ') ? note : `note: ${note}`);
  terminal.out([place]);
  terminal.err('forwarding until Ctrl-C');
}

/** The end that the operator chose is a good one. */
async function untilStopped({ world }: Call, running: Promise<void>): Promise<void> {
  try {
    await running;
  } catch (error) {
    if (!world.signal.aborted) throw error;
  }
}

function pageOf(input: Input): Page | undefined {
  const [word, vm] = input.call.args;
  const page = PAGES.find((each) => each === word);
  const addon = DASHBOARD_NAMES.find((each) => each === word);
  if (page === undefined)
    input.issue(`<page>: ${shown(word ?? '')} is not one of ${PAGES.join(', ')}; --list shows what is installed`);
  if (page === 'envoy' && vm === undefined) input.issue('<vm>: name the VM whose Envoy to open');
  if (page !== 'envoy' && vm !== undefined) input.issue(`<vm>: ${page ?? 'this page'} is none of a VM`);
  if (addon !== undefined) return { kind: 'addon', name: addon };
  if (page === 'controlz') return { kind: 'controlz' };
  return { kind: 'envoy', vm: vm ?? '', machine: machineOptions(input, sshPort) };
}

/** `--port` is where to listen; MESHX_PORT is the SSH port everywhere. */
function sshPort(input: Input): number | undefined {
  const { port: _listen, ...given } = input.call.given;
  const environment = new Input('dashboard', { ...input.call, given });
  const port = input.number('sshPort', PORTS) ?? environment.number('port', PORTS);
  environment.accept();
  return port;
}

function listenOf(input: Input): ListenAddress {
  const [address, name] = [input.text('address'), input.text('interface')];
  if (address !== undefined && name !== undefined) input.issue('--address and --interface: only one of them');
  if (name !== undefined) return { kind: 'interface', name };
  if (address === 'auto') return { kind: 'route' };
  if (address === undefined || address === 'localhost') return { kind: 'address', address: '127.0.0.1' };
  return { kind: 'address', address: input.attempt('--address', () => parseIp(address)) ?? '' };
}

/** `0.0.0.0:8888`, `[::]:8888`, `localhost:8888` or a port alone, on loopback. */
function placeOf(input: Input): { readonly address: string; readonly port: number } {
  const text = input.text('listen') ?? '';
  const [, bracketed, plain, number = ''] = /^(?:(?:\[([^\]]+)\]|([^:]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(number);
  if (port < 1 || port > 65_535) {
    input.issue(`--listen: ${shown(text)} is not ADDRESS:PORT, such as 0.0.0.0:8888`);
    return { address: '', port: 0 };
  }
  const given = bracketed ?? plain ?? 'localhost';
  if (given === 'localhost') return { address: '127.0.0.1', port };
  return { address: input.attempt('--listen', () => parseIp(given)) ?? '', port };
}

/** A server has no browser: that is no failure. */
async function openBrowser({ world, terminal }: Call, url: string): Promise<void> {
  const { env, signal } = world;
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open';
  const hasScreen = process.platform === 'darwin' || Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
  const opened = hasScreen && (await started(program, url, signal));
  if (!opened) terminal.err(`note: no browser could be opened; open ${url} in your browser`);
}

async function started(program: string, url: string, signal: AbortSignal): Promise<boolean> {
  try {
    await using host = new LocalHost();
    return (await host.run({ argv: [program, url], timeoutMs: BROWSER_MS }, signal)).exitCode === 0;
  } catch {
    return false;
  }
}
