import { createProbe } from '../probes/index.ts';
import type { Probe, ProbeResult, ProbeTarget } from '../probes/probe.ts';
import type { ProbeDefinition } from '../services/service-file.ts';

interface Addresses {
  /** The VM's own address, for a service that does not listen on the loopback address. */
  readonly own: string;
  readonly credential?: ProbeTarget['credential'];
}

const LOOPBACK = '127.0.0.1';
/** Milliseconds beyond its own time limit after which a probe counts as stuck. */
const MARGIN = 2000;

/** The probe of a service, and the milliseconds in which it must have ended. */
export interface ServiceProbe extends Probe {
  readonly limitMs: number;
}

/**
 * Asks a service at the address of its definition. Without one, at the loopback address and then at the VM's own; the address that
 * answered last is asked first, so a healthy service costs one probe.
 */
export function probeOf({ method, address, timeoutMs }: ProbeDefinition, { own, credential }: Addresses): ServiceProbe {
  const addresses = address === undefined && 'port' in method ? [LOOPBACK, own] : [address ?? LOOPBACK];
  const target = { method, timeoutMs, ...(credential && { credential }) };
  const probes = [...new Set(addresses)].map((each) => createProbe({ ...target, address: each }));
  return {
    run: (signal) => firstAnswer(probes, signal),
    close: () => probes.forEach((probe) => probe.close()),
    limitMs: probes.length * timeoutMs + MARGIN,
  };
}

/** The first result that is no failure; the failure of the first probe if all fail. Moves the probe that answered to the front. */
async function firstAnswer(probes: Probe[], signal: AbortSignal): Promise<ProbeResult> {
  let failure: ProbeResult = { outcome: 'failed', reason: 'stopped' };
  for (const [index, probe] of [...probes].entries()) {
    const result = await probe.run(signal);
    if (result.outcome !== 'failed') {
      if (index > 0) probes.unshift(...probes.splice(index, 1));
      return result;
    }
    if (index === 0) failure = result;
    if (signal.aborted) break;
  }
  return failure;
}
