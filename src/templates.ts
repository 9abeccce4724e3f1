import { fill, textFiles } from './text-files.ts';

/** Line-based texts with ${NAMES}, in templates/. */
export type TemplateName = 'classic-unit.conf' | 'drain.service' | 'resolved.conf' | 'dhclient-enter-hook' | 'ufw-hook';

/** Files of systemd/ that go to a VM as they are. */
export type SystemdFile =
  | 'agent-root'
  | 'agent-trial'
  | 'arming'
  | 'capture'
  | 'dead-man'
  | 'drain-unit'
  | 'firewall'
  | 'guard'
  | 'own-files'
  | 'processes'
  | 'redirect'
  | 'resolver'
  | 'restore'
  | 'rules'
  | 'settings'
  | 'settings.awk'
  | 'sidecar-prepare'
  | 'sidecar-start'
  | 'sidecar-roots'
  | 'sidecar-token'
  | 'twins.awk'
  | 'twins-iptables.awk'
  | 'twins-nft.awk'
  | 'watch'
  | 'istio.service'
  | 'meshx-agent'
  | 'meshx-agent.service'
  | 'meshx-agent.socket'
  | 'meshx-agent-root.socket'
  | 'meshx-agent-root@.service'
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

/** A template with its `${NAMES}` filled in. */
export function render(name: TemplateName, values: Readonly<Record<string, string>>): string {
  return fill(file(TEMPLATES, name), values);
}

/** A literal file: variation comes from the VM's settings, so that systemd-analyze and shellcheck can read it. */
export function systemdFile(name: SystemdFile): string {
  return file(SYSTEMD, name);
}

function file(folder: Readonly<Record<string, string>>, name: string): string {
  const text = folder[name];
  if (text === undefined) throw new TypeError(`there is no file ${name}`);
  return text;
}
