import { sha256 } from '../../reconcile/sha256.ts';
import { ROOT_PROGRAM } from '../../host/root-program.ts';

/** Who may run the root program: a user, or with `%` a group. A word in capitals is an alias to sudo, and ALL is everybody. */
export function parseSudoer(text: string): string | undefined {
  if (/^[A-Z][A-Z0-9_]*$/.test(text)) return undefined;
  return /^%?[a-z_][a-z0-9_-]{0,31}\$?$/i.test(text) ? text : undefined;
}

/** Where the line stands. sudo passes over names that hold a dot. */
export function sudoersPath(sudoer: string): string {
  return `/etc/sudoers.d/meshx_${sudoer.replace('%', 'group_').replace('$', '')}`;
}

/**
 * A file for /etc/sudoers.d (sudoers(5), Cmnd digest; sudo 1.8.7 and later): one program, known by its digest, so that another
 * one in its place is not run. What the right is worth is said in it, where its reviewer looks.
 */
export function sudoersFile(sudoer: string, program: string): string {
  return `# Written by meshx. Lets ${sudoer} run one program as root, without a password: ${ROOT_PROGRAM}
# It is pinned by its digest and owned by root. It runs the scripts that are in it, and no other.
#
# THIS IS EQUAL TO ROOT. Among its scripts are those that write a file with any content, owner and mode to any path,
# install a package, whose own scripts then run as root, and start units. meshx cannot join a VM with less.
# What the line does give: no shell and no other program, no use of the right by accident, each call in sudo's log with
# the name of its script and its words, and no change of what may be run without root.
Defaults!${ROOT_PROGRAM} !requiretty, !setenv, env_reset
${sudoer} ALL=(root) NOPASSWD: sha256:${sha256(program)} ${ROOT_PROGRAM}
`;
}
