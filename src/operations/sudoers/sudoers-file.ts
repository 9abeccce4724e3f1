import { sha256 } from '../../reconcile/sha256.ts';
import { ROOT_PROGRAM } from '../../host/run/root-program.ts';

/** The first letters of a name, then what directories allow in names: `first.last`, `user@corp`, `DOMAIN\user`, `Domain Users`. */
const NAME = /^[\p{L}\p{N}_](?:[\p{L}\p{N}_.+@\\&'()$ -]{0,254}[\p{L}\p{N}_.+@&')$-])?$/u;

/**
 * Who may run the root program: a user, `%` and a group, `#` and a user id, `%#` and a group id. Groups may hold blanks. A word in
 * capitals is an alias to sudo, and ALL is everyone.
 */
export function parseSudoer(text: string): string | undefined {
  if (/^(#|%#)[1-9]\d{0,9}$/.test(text)) return text;
  if (/^[A-Z][A-Z0-9_]*$/.test(text)) return undefined;
  if (!text.startsWith('%') && text.includes(' ')) return undefined;
  return NAME.test(text.replace(/^%/, '')) ? text : undefined;
}

/** The name as a word of a sudoers file: sudoers(5), "Other special characters and reserved words". */
function sudoersWord(sudoer: string): string {
  if (/^%?#\d+$/.test(sudoer)) return sudoer;
  return sudoer.replace(/[^\p{L}\p{N}_.$%-]/gu, (character) => `\\${character}`);
}

/** Where the line is. sudo passes over file names that hold a dot; a digest keeps apart the names that would look alike. */
export function sudoersPath(sudoer: string): string {
  const kind = { '%#': 'gid_', '%': 'group_', '#': 'uid_' }[/^(?:%#|%|#|)/.exec(sudoer)?.[0] ?? ''] ?? '';
  const name = sudoer.replace(/^[%#]+/, '').replace(/\$$/, '');
  const plain = name.replace(/[^\w-]/g, '-');
  return `/etc/sudoers.d/meshx_${kind}${plain}${plain === name ? '' : `_${sha256(sudoer).slice(0, 8)}`}`;
}

/**
 * A file for /etc/sudoers.d (sudoers(5), Cmnd digest; sudo 1.8.7 and later): one program, pinned by its digest. A
 * comment tells the reviewer what the right is worth.
 */
export function sudoersFile(sudoer: string, program: string): string {
  return `# Written by meshx. Lets ${sudoer} run one program as root, without a password: ${ROOT_PROGRAM}
# It is pinned by its digest and owned by root. It runs the scripts that are in it, and no other.
#
# THIS IS EQUAL TO ROOT. Among its scripts are those that write a file with any content, owner and mode to any path,
# install a package, whose own scripts then run as root, and start units. meshx cannot join a VM with less.
# What the line does give: no shell and no other program, no use of the right by accident, each call in sudo's log with
# the name of its script and its arguments, and no change of what may be run without root.
Defaults!${ROOT_PROGRAM} !requiretty, !setenv, env_reset
${sudoersWord(sudoer)} ALL=(root) NOPASSWD: sha256:${sha256(program)} ${ROOT_PROGRAM}
`;
}
