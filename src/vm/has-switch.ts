import type { Host } from '../host/run/host.ts';
import { scriptCommand } from '../host/run/shell.ts';
import { PLACES } from './places.ts';
import { shellFile } from '../text-files.ts';

const SWITCH_LOOK = shellFile(new URL('./switch-look.root.sh', import.meta.url));

/** Whether the VM has a dead-man switch. One that was joined by hand has none; one set up by an older meshx gets its own with setup-vm. */
export async function hasSwitch(host: Host, signal: AbortSignal): Promise<boolean> {
  const script = { ...SWITCH_LOOK, args: [PLACES.capture, PLACES.revertTimer] };
  return (await host.run(scriptCommand(script), signal)).exitCode === 0;
}
