import type { Output } from '../../host/run/host.ts';
import type { Change, Kind } from '../kind.ts';
import { sha256 } from '../sha256.ts';
import { shellFile } from '../../text-files.ts';

/** A system user with a group of the same name and no login shell. */
export interface UserWant {
  readonly kind: 'user';
  readonly name: string;
  readonly home: string;
  /** Path of the sysusers.d file by which an image gets its user at first boot; `/etc/sysusers.d/NAME.conf` when absent. */
  readonly sysusers?: string;
}

const CREATE = shellFile(new URL('./user-create.root.sh', import.meta.url));

/**
 * A user that is there already is left as it is, with its home, shell and ids. An image has no user yet, as its uid is
 * chosen at first boot: there a file for systemd-sysusers is written.
 */
export const user: Kind<UserWant> = {
  id: (want) => `user:${want.name}`,
  probe: (want) => ({ name: 'user', args: [want.name, sysusersPath(want), ...sysusersLine(want).split(' ')] }),
  touches: (want, answer) => (isImage(answer) ? { paths: [sysusersPath(want)] } : { users: [want.name] }),

  changes(want, answer) {
    const found = new Set(answer.stdout.split('\n'));
    const image = isImage(answer);
    if (image ? found.has('user') || found.has('sysusers') : found.has('user') && found.has('group')) return [];
    return [image ? sysusersChange(want) : createChange(want)];
  },
};

function isImage({ stdout }: Output): boolean {
  return stdout.startsWith('image\n');
}

function createChange(want: UserWant): Change {
  const script = { ...CREATE, args: [want.name, want.home] };
  return { summary: `create system user ${want.name}`, scripts: [{ script }] };
}

const SYSUSERS = shellFile(new URL('./user-sysusers.root.sh', import.meta.url));

function sysusersChange(want: UserWant): Change {
  const path = sysusersPath(want);
  const text = `${sysusersLine(want)}\n`;
  const script = { ...SYSUSERS, args: [sha256(text), path] };
  return {
    summary: `create system user ${want.name} at first boot (${path})`,
    scripts: [{ script, stdin: text }],
  };
}

function sysusersPath(want: UserWant): string {
  return want.sysusers ?? `/etc/sysusers.d/${want.name}.conf`;
}

/** https://www.freedesktop.org/software/systemd/man/latest/sysusers.d.html: type u makes the group too. */
function sysusersLine(want: UserWant): string {
  return `u ${want.name} - "${want.name}" ${want.home} -`;
}
