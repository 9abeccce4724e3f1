import type { Host } from '../host/run/host.ts';
import { runScript } from '../host/run/shell.ts';
import type { Step } from '../reconcile/resource.ts';
import { PLACES } from './places.ts';
import { captureStep, sidecarStep } from './steps/running.ts';
import { keptSettings, SETTINGS_DIRECTORIES } from './steps/settings.ts';
import { sidecarEnv } from './steps/sidecar-env.ts';
import { captureFiles, unitsStep } from './steps/units.ts';
import { shellFile } from '../text-files.ts';

/** The sidecar's units on a VM. */
export interface SidecarUnits {
  /** What reads sidecar.env: meshx's own program, the package's start script, which sources it, or nothing yet. */
  readonly reader: 'meshx' | 'package' | 'none';
  /** The package's unit with meshx's drop-in: a classic mesh. */
  readonly classic: boolean;
}

/** Keys of sidecar.env to set and to remove. */
export interface SidecarKeys {
  readonly keys: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

const FIND_UNITS = shellFile(new URL('./find-units.root.sh', import.meta.url));
const OWN = `${PLACES.units}/meshx-capture.service`;
const DROP_IN = `${PLACES.units}/istio.service.d/meshx.conf`;
const PACKAGE = ['/lib/systemd/system/istio.service', '/usr/lib/systemd/system/istio.service'];

/** Reads which units exist, in one round trip. */
export async function sidecarUnits(host: Host, signal: AbortSignal): Promise<SidecarUnits> {
  const args = [OWN, DROP_IN, `${PLACES.units}/istio.service`, ...PACKAGE];
  const found = (await runScript(host, FIND_UNITS, args, { signal })).stdout.split('\n').filter((line) => line !== '');
  if (found.includes(OWN)) return { reader: 'meshx', classic: false };
  return { reader: found.length > 0 ? 'package' : 'none', classic: found.includes(DROP_IN) };
}

/**
 * sidecar.env, this version of meshx's own files where the VM has them, and the units that read them. Rules in a host firewall stay
 * unchanged. Pure.
 */
export function configureSteps({ keys, remove }: SidecarKeys, { reader, classic }: SidecarUnits): readonly Step[] {
  const file: Step = {
    id: 'sidecar-env',
    title: 'Configure the sidecar',
    wants: [
      ...(reader === 'none' ? [] : [...SETTINGS_DIRECTORIES, ...keptSettings(PLACES.clusterEnv, PLACES.meshConfig)]),
      sidecarEnv({ set: keys, remove }, { sourced: reader === 'package' }),
    ],
  };
  if (reader === 'none') return [file];
  if (reader === 'meshx') return [file, unitsStep({}), sidecarStep(), captureStep()];
  const units: Step = { id: 'units', title: 'Install the units', wants: captureFiles() };
  return [file, ...(classic ? [units] : []), sidecarStep()];
}
