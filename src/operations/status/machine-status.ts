import { parseSnapshot } from '../../agent/status/parse-snapshot.ts';
import { type Certificate, certificatesOf } from '../../checks/join/certificate.ts';
import { tryJson } from '../../documents/json.ts';
import { mapping, text } from '../../mesh/unknown.ts';
import { present } from '../../present.ts';
import { parseCaptureState } from '../../vm/capture-state.ts';
import type { LogLine, MachineFacts, ProcessFacts, UnitFacts } from '../../vm/status/machine-facts.ts';

/** What was read on a VM over SSH, or why nothing was. Plain data. */
export type MachineReading = {
  /** By which name it was reached. */
  readonly host: string;
} & (
  | { readonly found: MachineStatus }
  | { readonly problem: { readonly id: string; readonly message: string; readonly hint: string } }
);

/** Times are ISO 8601. */
export interface MachineStatus {
  readonly hostname: string;
  readonly system: string;
  readonly kernel: string;
  readonly addresses: readonly string[];
  readonly versions: {
    /** Of the package istio-sidecar. */
    readonly package?: string;
    /** Of Istio, by its running proxy. */
    readonly sidecar?: string;
    readonly envoy?: string;
    readonly agent?: string;
  };
  /** Of the running proxy: LIVE, PRE_INITIALIZING, DRAINING. */
  readonly proxyState?: string;
  readonly certificate?: { readonly identities: readonly string[]; readonly from: string; readonly until: string };
  /** End of the token in its file. A sidecar with a certificate does not need it. */
  readonly tokenUntil?: string;
  /** Until when the VM may be switched off and still come back by itself, as its agent says. */
  readonly offUntil?: string;
  readonly capture: CaptureStatus;
  readonly units: readonly UnitStatus[];
  /** Of a single VM. */
  readonly processes: readonly ProcessFacts[];
  readonly logs: readonly LogLine[];
  readonly plan: PlanStatus;
}

/** `incomplete`: another program removed rules. `gave-way`: it did so again and again. `bypassed`: by meshx-bypass. */
interface CaptureStatus {
  readonly state: 'on' | 'off' | 'incomplete' | 'gave-way' | 'bypassed' | 'unknown';
  readonly reason?: string;
}

export interface UnitStatus {
  readonly name: string;
  readonly description: string;
  readonly documentation?: string;
  /** `loaded`, `masked`, `bad-setting`, … */
  readonly load: string;
  readonly file?: string;
  /** `enabled`, `disabled`, `static`, … */
  readonly enabled: string;
  /** `active`, `failed`, `activating`, … and `running`, `dead`, `auto-restart`, … */
  readonly active: string;
  readonly sub: string;
  readonly since?: string;
  readonly restarts: number;
  readonly pid?: number;
  readonly memoryBytes?: number;
  readonly cpuSeconds?: number;
  /** False for a unit that should run and does not. */
  readonly good: boolean;
}

/** Whether the next join would change anything: `empty`, `changes`, `unknown`. */
export interface PlanStatus {
  readonly state: 'empty' | 'changes' | 'unknown';
  readonly changes: readonly string[];
  /** Why it is unknown. */
  readonly reason?: string;
}

/** What the facts of a machine mean. `now`: the clock of the operator, against which nothing of the VM is compared. Pure. */
export function machineStatus(facts: MachineFacts, plan: PlanStatus): MachineStatus {
  const snapshot = parseSnapshot(facts.agent);
  const agent = 'unreadable' in snapshot ? undefined : snapshot;
  const { hostname, system, kernel, addresses, processes, logs, tokenUntil } = facts;
  const server = mapping(tryJson(facts.server));
  const version = text(mapping(mapping(server['node'])['metadata'])['ISTIO_VERSION']);
  return {
    ...{ hostname, system, kernel, addresses },
    versions: present({
      package: facts.package,
      // A proxy of a build without a version says so.
      sidecar: version === 'unknown' ? undefined : version,
      envoy: /^[0-9a-f]+\/([^/]+)\//.exec(text(server['version']) ?? '')?.[1],
      agent: agent?.agent.version,
    }),
    ...present({
      proxyState: text(server['state']),
      certificate: certificateOf(certificatesOf(facts.certificates, facts.certificateFile)),
      tokenUntil: tokenUntil === undefined ? undefined : iso(tokenUntil),
      offUntil: agent?.identity?.until?.replace('.000Z', 'Z'),
    }),
    capture: captureOf(facts.capture),
    units: facts.units.map((unit) => unitOf(unit, facts)),
    ...{ processes, logs, plan },
  };
}

/** The one that ends last: after a renewal a proxy may show the former one, too. */
function certificateOf(all: readonly Certificate[]): MachineStatus['certificate'] {
  const last = all.toSorted((a, b) => a.until.getTime() - b.until.getTime()).at(-1);
  return last && { identities: last.uris, from: short(last.from), until: short(last.until) };
}

function captureOf(said: string): CaptureStatus {
  if (said === '') return { state: 'unknown', reason: 'the machine has no meshx-bypass that says it' };
  const { captured, missing, gaveWay, bypassedSince } = parseCaptureState(said);
  if (bypassedSince !== undefined) return { state: 'bypassed', reason: `since ${bypassedSince}` };
  if (gaveWay)
    return { state: 'gave-way', reason: `${gaveWay.to} removed its rules repeatedly, since ${gaveWay.since}` };
  if (missing !== undefined) return { state: 'incomplete', reason: `${missing} rules are missing` };
  return { state: captured ? 'on' : 'off' };
}

function unitOf(unit: UnitFacts, { clock, uptime }: MachineFacts): UnitStatus {
  const value = (key: string): string => unit.get(key) ?? '';
  const [active, enabled, load] = [value('ActiveState'), value('UnitFileState'), value('LoadState')];
  const entered = (positive(value('ActiveEnterTimestampMonotonic')) ?? 0) / 1e6;
  const isWanted = enabled.startsWith('enabled');
  return {
    ...{
      name: value('Id'),
      description: value('Description'),
      load,
      enabled: enabled || '-',
      active,
      sub: value('SubState'),
    },
    ...present({
      documentation: value('Documentation') || undefined,
      file: value('FragmentPath') || undefined,
      since: active === 'active' && entered > 0 ? iso(clock - uptime + entered) : undefined,
      pid: positive(value('MainPID')),
      memoryBytes: positive(value('MemoryCurrent')),
      cpuSeconds: seconds(value('CPUUsageNSec')),
    }),
    restarts: positive(value('NRestarts')) ?? 0,
    good: load === 'loaded' && active !== 'failed' && (active === 'active' || !isWanted),
  };
}

/** systemd prints `[not set]`, or the largest number that it knows, for what it does not measure. */
function positive(words: string): number | undefined {
  const number = /^\d{1,15}$/.test(words) ? Number(words) : 0;
  return number > 0 ? number : undefined;
}

function seconds(nanoseconds: string): number | undefined {
  const found = /^\d{1,18}$/.test(nanoseconds) ? Number(nanoseconds) / 1e9 : undefined;
  return found === undefined ? undefined : Math.round(found * 10) / 10;
}

function iso(epochSeconds: number): string {
  return short(new Date(Math.round(epochSeconds) * 1000));
}

function short(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
