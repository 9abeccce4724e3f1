import type { Output } from '../../host/host.ts';
import type { Change, Kind } from '../kind.ts';
import { sha256 } from '../sha256.ts';

/** A system user with a group of the same name and no login shell. */
export interface UserWant {
  readonly kind: 'user';
  readonly name: string;
  readonly home: string;
  /** Path of the sysusers.d file by which an image gets its user at first boot; `/etc/sysusers.d/NAME.conf` when absent. */
  readonly sysusers?: string;
}

// NAME SYSUSERS WORD…: the words of the line there, as they are; a blank in a word would cost a process to bring over.
// getent asks the directory services too (LDAP, sssd): such a user must not be made a second time.
export const PROBE = `if live; then
  if getent passwd -- "$1" >/dev/null; then say user; fi
  if getent group -- "$1" >/dev/null; then say group; fi
  return
fi
say image
place /etc/passwd all && if grep -q "^$1:" "$P" 2>/dev/null; then say user; fi
place "$2" all && shift 2 && if test "$(cat -- "$P" 2>/dev/null)" = "$*"; then say sysusers; fi`;

const CREATE = `shell=/bin/false
for each in /usr/sbin/nologin /sbin/nologin; do if test -x "$each"; then shell=$each; break; fi; done
group=--user-group
if getent group -- "$1" >/dev/null; then group=--gid=$1; fi
if ! getent passwd -- "$1" >/dev/null; then useradd --system "$group" --home-dir "$2" --no-create-home --shell "$shell" -- "$1"
elif test "$group" = --user-group; then groupadd --system -- "$1"
fi`;

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
  const script = { name: 'user-create', text: CREATE, args: [want.name, want.home] };
  return { summary: `create system user ${want.name}`, scripts: [{ script }] };
}

const SYSUSERS = 'put root:root 0644 "$1" "$2"';

function sysusersChange(want: UserWant): Change {
  const path = sysusersPath(want);
  const text = `${sysusersLine(want)}\n`;
  const script = { name: 'user-sysusers', text: SYSUSERS, args: [sha256(text), path] };
  return {
    summary: `let system user ${want.name} be created at first boot (${path})`,
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

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [CREATE, SYSUSERS];
