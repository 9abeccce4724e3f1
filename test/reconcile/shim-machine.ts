import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { Command, Host, Output } from '../../src/host/run/host.ts';
import { LocalHost } from '../../src/host/local-host.ts';
import { apply, type ApplyOptions, type Outcome } from '../../src/reconcile/apply.ts';
import { gatherFacts } from '../../src/reconcile/facts.ts';
import { plan, type Plan } from '../../src/reconcile/plan.ts';
import type { Resource, Step } from '../../src/reconcile/resource.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

export { temporaryFolder };

// Each test starts some hundred small programs; how long that takes is the machine's affair.
jest.setTimeout(60_000);

/** The user who runs the tests, as `owner` of a want. */
export const ME = userInfo().username;

const SYSTEMCTL = `#!/bin/sh
# Units are folders below $STATE/units with the files active, enabled, since (seconds with a fraction) and invocation.
verb=$1; shift
name=
for word; do case $word in -*) ;; *) name=$word ;; esac; done
unit=$STATE/units/$name
echo "$verb $name" >> "$STATE/systemctl.log"
case $verb in
show)
  case " $* " in *" --timestamp="*) test ! -e "$STATE/old-systemd" || { echo 'unrecognized option' >&2; exit 1; } ;; esac
  asked=" $* " names=$name
  # More than one unit only behind --, as scripts ask; a blank line stands between them.
  case $asked in *' -- '*) names=\${asked#* -- } ;; esac
  between=
  for name in $names; do
  unit=$STATE/units/$name since=$(cat "$STATE/units/$name/since" 2>/dev/null)
  $between
  between=echo
  {
    test -d "$unit" && echo LoadState=loaded || echo LoadState=not-found
    echo "ActiveState=$(cat "$unit/active" 2>/dev/null || echo inactive)"
    echo "FragmentPath=$(cat "$unit/fragment" 2>/dev/null)"
    echo "DropInPaths=$(cat "$unit/drop-ins" 2>/dev/null)"
    echo "NeedDaemonReload=$(test -e "$unit/reload" && echo yes || echo no)"
    echo "UnitFileState=$(test ! -d "$unit" || { test -e "$unit/enabled" && echo enabled || echo disabled; })"
    echo "InvocationID=$(cat "$unit/invocation" 2>/dev/null)"
    test -z "$since" || test ! -e "$STATE/old-systemd" || since=\${since%.*}
    test -z "$since" || echo "ActiveEnterTimestamp=$(TZ=UTC date -d "@$since" "+%a %F %T$(test -e "$STATE/old-systemd" || echo .%6N) UTC")"
  } | while IFS= read -r line; do case " $* " in *[" ,"]"\${line%%=*}"[" ,"]*) echo "$line" ;; esac; done
  done
  ;;
is-active) state=$(cat "$unit/active" 2>/dev/null || echo inactive); echo "$state"; test "$state" = active ;;
is-enabled) test -d "$unit" || exit 1; if test -e "$unit/enabled"; then echo enabled; else echo disabled; exit 1; fi ;;
enable | reenable) mkdir -p "$unit" && touch "$unit/enabled" ;;
disable) rm -f "$unit/enabled" ;;
daemon-reload) rm -f "$STATE"/units/*/reload "$STATE"/units/*/fragment ;;
reset-failed) ;;
stop) echo inactive > "$unit/active" ;;
start | restart)
  mkdir -p "$unit"
  if test -e "$unit/broken"; then echo failed > "$unit/active"; exit 1; fi
  if test -x "$unit/on-start"; then "$unit/on-start" & trap "kill $!; exit 1" TERM; wait $!; fi
  echo active > "$unit/active"; date +%s.%6N > "$unit/since"; cat /proc/sys/kernel/random/uuid > "$unit/invocation" ;;
status) echo "status of $name" ;;
esac
`;

const ACCOUNTS = `#!/bin/sh
for word; do name=$word; done
case $0 in
*/getent) grep -q "^$name\\$" "$STATE/$1" 2>/dev/null && echo "$name:x:900:" || exit 2 ;;
*/userdel) sed -i "/^$name\\$/d" "$STATE/passwd" ;;
*/groupdel) sed -i "/^$name\\$/d" "$STATE/group" ;;
*/groupadd) echo "$name" >> "$STATE/group" ;;
*/useradd)
  case " $* " in *" --user-group "*) echo "$name" >> "$STATE/group" ;; esac
  echo "$name" >> "$STATE/passwd" ;;
esac
`;

// Enough of dpkg: a "package" is a tar of files, unpacked in the test's folder. A test that wants it known writes NAME
// VERSION to dpkg-installs before; what a package brought and its version are then in the folder dpkg.
const DPKG = `#!/bin/sh
for word; do file=$word; done
echo "dpkg $*" >> "$STATE/dpkg.log"
test ! -e "$STATE/dpkg-says" || { cat "$STATE/dpkg-says"; exit 1; }
case " $* " in *" --purge "* | *" --remove "*)
  while read -r each; do test -d "$TARGET/$each" || rm -f "$TARGET/$each"; done < "$STATE/dpkg/$file.list"
  sort -r "$STATE/dpkg/$file.list" | while read -r each; do rmdir "$TARGET/$each" 2>/dev/null; done
  rm -f "$STATE/dpkg/$file.list" "$STATE/dpkg/$file.version"
  exit 0 ;;
esac
test ! -e "$STATE/dpkg-installs" || {
  read -r name version < "$STATE/dpkg-installs"
  mkdir -p "$STATE/dpkg"; echo "$version" > "$STATE/dpkg/$name.version"
  tar -tf "$file" | sed -e 's!^\\./!!' -e '/^$/d' > "$STATE/dpkg/$name.list"
}
tar -xf "$file" -C "$TARGET" --no-same-owner
`;

const OTHERS = `#!/bin/sh
case $0 in
*/journalctl) echo 'last words of the unit' ;;
*/dpkg-query)
  for word; do name=$word; done
  test -e "$STATE/dpkg/$name.version" || exit 1
  case " $* " in *" -L "*) sed "s!^!$TARGET/!" "$STATE/dpkg/$name.list" ;; *) echo "installed $(cat "$STATE/dpkg/$name.version")" ;; esac ;;
*/rpm) exit 1 ;;
*/restorecon) ;;
esac
`;

/**
 * The machine that runs the tests, with small stand-ins for the programs that would change it. All state is below one
 * temporary folder. Counts what was run.
 */
export class ShimMachine implements Host {
  readonly name = 'shim-vm';
  readonly folder = temporaryFolder();
  readonly state = join(this.folder, 'state');
  readonly ran: string[] = [];
  readonly commands: Command[] = [];
  /** A script of this name ends with exit code 1 and does nothing. */
  breaks = '';
  readonly #local = new LocalHost();

  constructor() {
    const bin = join(this.folder, 'bin');
    for (const each of [bin, this.state, join(this.state, 'units'), this.path('etc')])
      mkdirSync(each, { recursive: true });
    const programs = { systemctl: SYSTEMCTL, dpkg: DPKG };
    const texts = { ...programs, ...same(['getent', 'groupadd', 'useradd', 'groupdel', 'userdel'], ACCOUNTS) };
    const all = { ...texts, ...same(['journalctl', 'dpkg-query', 'rpm', 'restorecon'], OTHERS) };
    for (const [name, text] of Object.entries(all)) {
      writeFileSync(join(bin, name), text);
      chmodSync(join(bin, name), 0o755);
    }
  }

  /** A path on the machine, below the temporary folder. */
  path(...parts: string[]): string {
    return join(this.folder, 'vm', ...parts);
  }

  read(path: string): string {
    return readFileSync(path, 'utf8');
  }

  /** The lines of the undo journal; [] when there is none. */
  journal(): readonly string[] {
    const index = this.path('var/lib/meshx/undo/index');
    const lines = existsSync(index) ? this.read(index).trim().split('\n') : [];
    return lines.filter((line) => !line.startsWith('tables'));
  }

  async run(command: Command, signal?: AbortSignal): Promise<Output> {
    this.commands.push(command);
    this.ran.push(command.argv.find((word) => word.startsWith('meshx-')) ?? command.argv[0]);
    if (this.breaks !== '' && this.ran.at(-1) === this.breaks) return { exitCode: 1, stdout: '', stderr: 'broken' };
    const env = [
      `PATH=${join(this.folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      `STATE=${this.state}`,
      `TARGET=${this.path()}`,
      `MESHX_RUN=${this.path('run/meshx')}`,
      `MESHX_PICTURE=${this.path()}`,
      `MESHX_UNDO=${this.path('var/lib/meshx/undo')}`,
      `MESHX_AUDIT=${this.path('var/lib/meshx/audit')}`,
    ];
    return this.#local.run({ ...command, argv: ['env', ...env, ...command.argv], asRoot: false }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#local[Symbol.asyncDispose]();
  }
}

function same(names: readonly string[], text: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, text]));
}

/** One step with these resources. */
export function step(...wants: readonly Resource[]): Step {
  return { id: 'step', title: 'A step', wants };
}

/** The plan of these resources on this machine, now. */
export async function planFor(host: Host, ...wants: readonly Resource[]): Promise<Plan> {
  const steps = [step(...wants)];
  return plan(steps, await gatherFacts(steps, host));
}

/** Applies a plan and gives all its outcomes. */
export async function outcomes(planned: Plan, host: Host, options: Partial<ApplyOptions> = {}): Promise<Outcome[]> {
  const found: Outcome[] = [];
  const sources = { secret: async (name: string) => `the-secret-${name}` };
  for await (const outcome of apply(planned, host, { sources, ...options })) found.push(outcome);
  return found;
}

/** Makes the machine as wanted; fails when a step does. */
export async function reconcile(host: Host, ...wants: readonly Resource[]): Promise<void> {
  for (const { problem } of await outcomes(await planFor(host, ...wants), host)) if (problem) throw problem;
}
