import { existsSync, readFileSync } from 'node:fs';

const PLACEHOLDER = /\$\{([A-Z_]+)\}/g;

/** Line-based texts with ${NAMES}, in templates/. */
export type TemplateName = 'classic-unit.conf' | 'resolved.conf' | 'dhclient-enter-hook';

/** Files of systemd/ that go to a VM as they are. */
export type SystemdFile =
  | 'arming'
  | 'capture'
  | 'dead-man'
  | 'firewall'
  | 'guard'
  | 'processes'
  | 'redirect'
  | 'resolver'
  | 'restore'
  | 'rules'
  | 'settings'
  | 'settings.awk'
  | 'sidecar-prepare'
  | 'sidecar-start'
  | 'twins.awk'
  | 'twins-iptables.awk'
  | 'twins-nft.awk'
  | 'watch'
  | 'istio.service'
  | 'meshx-capture.service'
  | 'meshx-guard.service'
  | 'meshx-resolver.service'
  | 'meshx-watch.service'
  | 'meshx-revert.service'
  | 'meshx-revert.timer'
  | 'meshx-bypass'
  | 'meshx.tmpfiles.conf'
  | 'meshx.logrotate';

/** Fills in a text template. Both directions are strict: a missing and an unused value are each a bug. */
export function render(name: TemplateName, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const rendered = read('templates', name).replaceAll(PLACEHOLDER, (_, key: string) => {
    const value = values[key];
    if (value === undefined) throw new TypeError(`template ${name} needs a value for ${key}`);
    unused.delete(key);
    return value;
  });
  if (unused.size > 0) throw new TypeError(`template ${name} has no place for ${[...unused].join(', ')}`);
  return rendered;
}

/** A literal file: variation comes from the VM's settings, so that systemd-analyze and shellcheck can read it. */
export function systemdFile(name: SystemdFile): string {
  return read('systemd', name);
}

/** docs/problems.md: what each expected failure means. */
export function problemsPage(): string {
  return read('docs', 'problems.md');
}

function read(folder: string, name: string): string {
  return readFileSync(new URL(`${folder}/${name}`, packageRoot()), 'utf8');
}

/** The folder that holds templates/, systemd/ and docs/: one above src/ and dist/, two above the bundle's chunks. */
function packageRoot(): URL {
  const candidates = ['..', '../..'].map((up) => new URL(`${up}/`, import.meta.url));
  const root = candidates.find((folder) => existsSync(new URL('templates/', folder)));
  if (!root) throw new TypeError(`no templates/ above ${import.meta.url}`);
  return root;
}
