import type { Host } from '../host/host.ts';
import { scriptCommand } from '../host/shell.ts';
import { PLACES } from './places.ts';

const SWITCH_LOOK = 'test -x "$1" && test -e "$2"';

/** Whether the VM has a dead-man switch. One that was joined by hand has none; one set up by an older meshx gets its own with setup-vm. */
export async function hasSwitch(host: Host, signal: AbortSignal): Promise<boolean> {
  const script = {
    name: 'switch-look',
    text: SWITCH_LOOK,
    args: [PLACES.capture, PLACES.revertTimer],
  };
  return (await host.run(scriptCommand(script), signal)).exitCode === 0;
}

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [SWITCH_LOOK];
