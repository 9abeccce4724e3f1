import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import type { Step } from '../reconcile/resource.ts';
import { PLACES } from './places.ts';
import { captureStep, sidecarStep } from './steps/running.ts';
import { keptSettings, SETTINGS_DIRECTORIES } from './steps/settings.ts';
import { sidecarEnv } from './steps/sidecar-env.ts';
import { captureFiles, unitsStep } from './steps/units.ts';
import { shellFile } from '../text-files.ts';

/** What a VM has of the sidecar's units, and so who reads sidecar.env there. */
export interface SidecarUnits {
  /** meshx's own program, the package's start script, which sources the file, or nothing yet. */
  readonly reader: 'meshx' | 'package' | 'none';
  /** The package's unit with meshx's drop-in: a classic mesh. */
  readonly classic: boolean;
}

/** Keys of sidecar.env to set and to take away. */
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
  const script = { ...FIND_UNITS, args: [OWN, DROP_IN, `${PLACES.units}/istio.service`, ...PACKAGE] };
  const found = (await host.run(scriptCommand(script), signal)).stdout.split('\n').filter((line) => line !== '');
  if (found.includes(OWN)) return { reader: 'meshx', classic: false };
  return { reader: found.length > 0 ? 'package' : 'none', classic: found.includes(DROP_IN) };
}

/**
 * The file, meshx's own files where the VM has them, in the form of this version, and the units that read them. What a host
 * firewall has of meshx stays as it is. Pure.
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
