import { readFileSync } from 'node:fs';

export interface Accounts {
  /** Texts in the forms of passwd(5) and group(5). */
  readonly passwd: string;
  readonly group: string;
}

let own: { readonly gid: number | undefined } | undefined;

/**
 * The group in which this user is alone, as Ubuntu and Fedora make one for each user and let it write all that its user makes (umask
 * 002). Undefined if there is none, also where the machine's own files of accounts do not have the user.
 */
export function privateGroup(): number | undefined {
  const uid = process.getuid?.();
  own ??= { gid: uid === undefined ? undefined : privateGroupOf(uid, readAccounts()) };
  return own.gid;
}

/** The primary group of a user, if no other user has it, as primary group or as one more. Root's group 0 is that of many daemons. */
export function privateGroupOf(uid: number, { passwd, group }: Accounts): number | undefined {
  const users = entries(passwd).map(([name = '', , id, gid]) => ({ name, uid: Number(id), gid: Number(gid) }));
  const gid = users.find((user) => user.uid === uid)?.gid;
  const names = users.filter((user) => user.uid === uid).map(({ name }) => name);
  const groups = entries(group).filter(([, , id]) => Number(id) === gid);
  if (gid === undefined || gid === 0 || groups.length === 0) return undefined;
  const members = groups.flatMap(([, , , list = '']) => list.split(',').filter((name) => name !== ''));
  const isAlone = users.every((user) => user.gid !== gid || user.uid === uid);
  return isAlone && members.every((name) => names.includes(name)) ? gid : undefined;
}

/** Lines that have numbers where the form has them; `+` and `-` of NIS are none. */
function entries(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map((line) => line.split(':'));
  return lines.filter(([name, , id]) => /^[^+-]/.test(name ?? '') && /^\d+$/.test(id ?? ''));
}

function readAccounts(): Accounts {
  try {
    return { passwd: readFileSync('/etc/passwd', 'utf8'), group: readFileSync('/etc/group', 'utf8') };
  } catch {
    return { passwd: '', group: '' };
  }
}
