import type { Host } from '../../host/run/host.ts';
import { runScript } from '../../host/run/shell.ts';
import { vmProblems } from '../../problems/vm.ts';
import { shellFile } from '../../text-files.ts';
import { valuesOf } from '../key-values.ts';
import { PLACES } from '../places.ts';

const MACHINE = shellFile(new URL('./machine.root.sh', import.meta.url));
const LIMIT_MS = 60_000;

/** What a VM says of its place in the mesh. Texts are as its programs printed them: nothing in them is believed yet. */
export interface MachineFacts {
  readonly hostname: string;
  readonly kernel: string;
  /** PRETTY_NAME of /etc/os-release. */
  readonly system: string;
  readonly addresses: readonly string[];
  /** Seconds since 1970 by its clock, and seconds since its boot. */
  readonly clock: number;
  readonly uptime: number;
  /** Version of the package istio-sidecar; absent without one. */
  readonly package?: string;
  /** Whether it has a record of a join. */
  readonly joined: boolean;
  /** Answers of Envoy's admin interface: /server_info and /certs. */
  readonly server: string;
  readonly certificates: string;
  /** Of a classic VM: dates and names of the certificate file. */
  readonly certificateFile: string;
  /** End of the token's life, in seconds since 1970. */
  readonly tokenUntil?: number;
  /** What the agent says of itself, as JSON. */
  readonly agent: string;
  /** Output of `meshx-bypass status`. */
  readonly capture: string;
  readonly units: readonly UnitFacts[];
  readonly processes: readonly ProcessFacts[];
  readonly logs: readonly LogLine[];
}

/** Properties of a unit by their names, as `systemctl show` prints them. */
export type UnitFacts = ReadonlyMap<string, string>;

export interface ProcessFacts {
  readonly unit: string;
  readonly user: string;
  readonly pid: number;
  /** Seconds since its start. */
  readonly seconds: number;
  /** Resident memory. */
  readonly kib: number;
  readonly openFiles: number;
  /** Its program with its arguments. */
  readonly command: string;
}

export interface LogLine {
  /** A file in /var/log/istio, or a unit. */
  readonly source: string;
  readonly text: string;
}

/** Reads it in one round trip. `lines`: of each log, with the processes; 0: neither. Throws `vm-probe-unreadable`. */
export async function readMachine(host: Host, lines: number, signal: AbortSignal): Promise<MachineFacts> {
  const { certChain, token, membership, bypass } = PLACES;
  const args = [certChain, token, membership, bypass, String(lines)];
  const { stdout, stderr } = await runScript(host, MACHINE, args, { signal, timeoutMs: LIMIT_MS });
  if (!stdout.endsWith('end\n')) throw vmProblems.probeUnreadable({ host: host.name, answer: stdout || stderr });
  return machineFacts(stdout);
}

/** Parses the answer of the script. Pure. */
function machineFacts(stdout: string): MachineFacts {
  const value = (key: string): string => valuesOf(stdout, key)[0] ?? '';
  const packed = (key: string): string => Buffer.from(value(key), 'base64').toString('utf8');
  const [, clock, uptime] = /^(\d{1,12}) (\d{1,12}(?:\.\d{1,9})?)$/.exec(value('clock')) ?? [];
  const tokenUntil = Number.parseInt(packed('token'), 10);
  return {
    ...{ hostname: value('hostname'), kernel: value('kernel'), system: value('system') },
    addresses: valuesOf(stdout, 'address'),
    ...{ clock: Number(clock ?? 0), uptime: Number(uptime ?? 0), joined: value('joined') === 'yes' },
    ...(value('package') !== '' && { package: value('package') }),
    ...{ server: packed('server'), certificates: packed('certificates'), certificateFile: packed('file') },
    ...(tokenUntil > 0 && { tokenUntil }),
    ...{ agent: packed('agent'), capture: packed('capture') },
    units: packed('units')
      .split(/\n{2,}/)
      .map(unitFacts)
      .filter((unit) => unit.has('Id')),
    processes: valuesOf(stdout, 'process').flatMap(processFacts),
    logs: valuesOf(stdout, 'log').flatMap((line) => {
      const [, source, text] = /^(\S+) ?(.*)$/.exec(line) ?? [];
      return source === undefined || text === undefined ? [] : [{ source, text }];
    }),
  };
}

function unitFacts(text: string): UnitFacts {
  const lines = text.split('\n').map((line) => /^(\w+)=(.*)$/.exec(line));
  return new Map(lines.flatMap((found) => (found ? [[found[1] ?? '', found[2] ?? ''] as const] : [])));
}

function processFacts(line: string): readonly ProcessFacts[] {
  const [, unit = '', user = '', pid, seconds, kib, openFiles, command] =
    /^(\S+) (\S+) (\d+) (\d+) (\d+) (\d+) (.*)$/.exec(line) ?? [];
  if (command === undefined) return [];
  const numbers = { pid: Number(pid), seconds: Number(seconds), kib: Number(kib), openFiles: Number(openFiles) };
  return [{ unit, user, ...numbers, command }];
}
