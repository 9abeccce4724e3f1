import type { Kind } from '../resource.ts';
import { ownChange } from './file.ts';
import { sameOwnerAndMode } from './owner.ts';

/** A directory with this owner and mode; what is in it is not looked at. */
export interface DirectoryWant {
  readonly kind: 'directory';
  readonly path: string;
  /** `user` or `user:group`. */
  readonly owner: string;
  /** Octal, as `chmod` takes it: `0755`. */
  readonly mode: string;
  /** Only what we set up fills it: where it was absent before, an undo removes it with all that is in it. */
  readonly contents?: 'ours';
}

// A link to a directory is as good as a directory: /etc/istio may be one.
export const PROBE = `place "$1" all || return
if test -d "$P"; then owned "$1" && say "$OWNED"; elif test -e "$P" || test -h "$P"; then say other; fi`;

// Closed until it has its owner: install makes it so too. install follows a link that the owner of the parent may put there; so
// below a directory that is another's it gets its owner where only root can enter, and then its name, which takes no link's place.
const CREATE = `place "$3" all && { test -d "\${P%/*}/" || (umask 022; mkdir -p -- "\${P%/*}"); } || exit
if ! live || test -e "$P"; then { test -d "$P" || mkdir -m 0700 -- "$P"; } && own "$1" "$2" "$3"
elif ! wrote "$1=$2" "$3"; then exit 1
elif test -O "\${P%/*}" && test "\${1#*:}" != "$1"; then install -d -o "\${1%:*}" -g "\${1#*:}" -m "$2" -- "$P"
else _at=$P && _stage "\${_at%/*}" && mkdir -m 0700 directory && _own "$1" "$2" directory && mv -fT -- directory "../\${_at##*/}"
fi`;

/** Parents that are missing are made too, open as the system's own directories are. */
export const directory: Kind<DirectoryWant> = {
  id: (want) => `directory:${want.path}`,
  probe: ({ path }) => ({ name: 'directory', args: [path], sees: path }),
  touches: ({ path, contents }) => ({ paths: [path], ...(contents && { trees: [path] }) }),

  changes(want, answer) {
    if (sameOwnerAndMode(answer.stdout, want)) return [];
    if (/^\S+ \d+$/.test(answer.stdout.trim())) return [ownChange(want)];
    const script = { name: 'directory-create', text: CREATE, args: [want.owner, want.mode, want.path] };
    return [{ summary: `create ${want.path}`, scripts: [{ script }] }];
  },
};

/** Every text here that runs as root; the root program has no other. */
export const ROOT_SCRIPTS: readonly string[] = [CREATE];

/** Those that may run together with others. */
export const TOGETHER: readonly string[] = [CREATE];
