import { isInRotation, type ServiceHealth } from '../health/health.ts';
import type { WatchedService } from '../health/watched-service.ts';
import type { IdentityStatus } from '../identity/keeper.ts';
import type { Loop } from '../loop.ts';
import type { MachineStatus } from '../machine/keeper.ts';
import type { ReporterStatus } from '../report/reporter-status.ts';
import type { AgentSettings } from '../settings.ts';
import {
  type AgentSnapshot,
  type IdentitySnapshot,
  type LastProbe,
  type ReporterSnapshot,
  type ServiceSnapshot,
  type SidecarSnapshot,
  SNAPSHOT_VERSION,
} from './snapshot.ts';

interface Facts {
  readonly loop: Loop;
  readonly settings: AgentSettings;
  readonly reporter: ReporterStatus;
  readonly version: string;
  readonly started: Date;
  readonly uptimeMs: number;
  readonly machine: MachineStatus;
  readonly identity: IdentityStatus | undefined;
  readonly sidecar: ServiceHealth | undefined;
  /** Why nothing shows what istiod makes of the reports through the sidecar. */
  readonly unwatched: string | undefined;
}

/** The state of the agent at this moment. */
export function takeSnapshot(facts: Facts): AgentSnapshot {
  const { loop, settings, reporter, version, started, uptimeMs, machine, identity, sidecar, unwatched } = facts;
  return {
    version: SNAPSHOT_VERSION,
    agent: {
      ...{ version, node: process.version, started: started.toISOString(), uptime: Math.round(uptimeMs / 1000) },
      ...{ generation: settings.generation, observe: settings.observe },
    },
    mesh: settings.mesh,
    reporter: { ...reporterSnapshot(reporter), ...(unwatched !== undefined && { unwatched }) },
    judged: loop.isJudged,
    services: loop.services.map(serviceSnapshot),
    invalidFiles: loop.invalid,
    ...(sidecar && { sidecar: sidecarSnapshot(sidecar) }),
    deviations: machine.deviations,
    ...(identity && { identity: identitySnapshot(identity) }),
  };
}

function sidecarSnapshot({ state, since, reason }: ServiceHealth): SidecarSnapshot {
  return { state, since: since.toISOString(), reason };
}

function identitySnapshot(identity: IdentityStatus): IdentitySnapshot {
  const { state, reason, until, certificate, authority, trust } = identity;
  return {
    ...{ state, reason, authority },
    ...(trust !== undefined && { trust }),
    ...(until && { until: until.toISOString() }),
    ...(certificate && { certificateUntil: certificate.until.toISOString() }),
  };
}

function reporterSnapshot({ mode, since, lastWrite, reason, tokenExpires, server }: ReporterStatus): ReporterSnapshot {
  return {
    ...{ mode, since: since.toISOString() },
    ...(lastWrite && { lastWrite: lastWrite.toISOString() }),
    ...(reason !== undefined && { reason }),
    ...(tokenExpires && { tokenExpires: tokenExpires.toISOString() }),
    ...(server !== undefined && { server }),
  };
}

function serviceSnapshot({ definition, health, lastRun }: WatchedService): ServiceSnapshot {
  const { name, ports, probe } = definition;
  return {
    ...{ name, state: health.state, since: health.since.toISOString(), reason: health.reason },
    inRotation: isInRotation(health),
    ports,
    probe: { kind: probe.method.kind, intervalSeconds: probe.intervalMs / 1000 },
    ...(lastRun && { lastProbe: lastProbe(lastRun) }),
  };
}

function lastProbe({ result, started, ended }: NonNullable<WatchedService['lastRun']>): LastProbe {
  const { outcome, reason } = result;
  const details = 'details' in result ? result.details : undefined;
  const seconds = Math.round(ended.ms - started.ms) / 1000;
  return { ended: ended.date.toISOString(), outcome, reason, seconds, ...(details && { details }) };
}
