import type { Kind } from '../kind.ts';
import { shellFile } from '../../text-files.ts';

/** Whether a unit starts at boot. */
export interface EnabledWant {
  readonly kind: 'enabled';
  readonly name: string;
  readonly enabled: boolean;
}

const SWITCH = shellFile(new URL('./unit-enable.root.sh', import.meta.url));

/** `systemctl is-enabled` words that mean: starts at boot, or cannot be switched. `static` and the like have no [Install]. */
const AT_BOOT: readonly string[] = ['enabled', 'static', 'alias', 'generated', 'indirect'];

export const enabled: Kind<EnabledWant> = {
  id: (want) => `enabled:${want.name}`,
  probe: (want) => ({ name: 'enabled', args: [want.name] }),
  touches: (want) => ({ units: [want.name] }),

  changes(want, answer) {
    const state = answer.stdout.trim();
    if (want.enabled ? AT_BOOT.includes(state) : state !== 'enabled') return [];
    const verb = want.enabled ? 'enable' : 'disable';
    const script = { ...SWITCH, args: [want.name, verb] };
    return [{ summary: `${verb} ${want.name}`, scripts: [{ script }] }];
  },
};
