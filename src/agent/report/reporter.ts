import type { ServiceHealth } from '../health/health.ts';
import { ApiClient } from './api-client.ts';
import { EntryApi } from './entry-api.ts';
import { EntryReporter } from './entry-reporter.ts';
import { machineIdentity } from './machine-identity.ts';
import type { Reporter, ReporterInput } from './reporter-input.ts';
import { STALE_AFTER } from './stale-health.ts';
import type { ReporterStatus } from './reporter-status.ts';

/** Starts to report. Without an API server in the settings it only says so: the mode is `health-channel`. */
export function createReporter(input: ReporterInput): Reporter {
  const { settings, token, now, limits } = input;
  if (settings.api.length === 0) return new Silent(now());
  const client = new ApiClient({ servers: settings.api, token, ...limits });
  const defaults = { identity: machineIdentity, random: Math.random, staleAfterMs: STALE_AFTER };
  const context = { ...defaults, reconnect: () => undefined, isHealthy: () => false, ...input };
  return new EntryReporter({ ...context, client, api: new EntryApi(client, settings.mesh) });
}

class Silent implements Reporter {
  readonly status: ReporterStatus;
  readonly isCurrent = undefined;

  constructor(since: Date) {
    this.status = { mode: 'health-channel', since, reason: 'the settings name no API server' };
  }

  report(_services: readonly ServiceHealth[]): void {
    // The sidecar's probe asks the health endpoint.
  }

  say(): void {
    // Events need the API server.
  }

  recheck(): void {
    // There is no entry to compare.
  }

  istioToken(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  meshRoots(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
