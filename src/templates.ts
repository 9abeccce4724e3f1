import { textFile, textFiles } from './text-files.ts';

const PLACEHOLDER = /\$\{([A-Z_]+)\}/g;

/** Line-based texts with ${NAMES}, in templates/. */
export type TemplateName = 'classic-unit.conf' | 'resolved.conf' | 'dhclient-enter-hook' | 'ufw-hook';

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

const TEMPLATES = textFiles(new URL('../templates/', import.meta.url));
const SYSTEMD = textFiles(new URL('../systemd/', import.meta.url));
const PROBLEMS = textFile(new URL('../docs/problems.md', import.meta.url));

/** Fills in a text template. Both directions are strict: a missing and an unused value are each a bug. */
export function render(name: TemplateName, values: Readonly<Record<string, string>>): string {
  const unused = new Set(Object.keys(values));
  const rendered = file(TEMPLATES, name).replaceAll(PLACEHOLDER, (_, key: string) => {
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
  return file(SYSTEMD, name);
}

/** docs/problems.md: what each expected failure means. */
export function problemsPage(): string {
  return PROBLEMS;
}

function file(folder: Readonly<Record<string, string>>, name: string): string {
  const text = folder[name];
  if (text === undefined) throw new TypeError(`there is no file ${name}`);
  return text;
}
