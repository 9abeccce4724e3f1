import { first, lines } from '../../vm/preflight/probe.ts';
import type { Seen } from '../check.ts';
import { note, risk, type MachineCheck, type MachineFacts } from './machine.ts';

/** Units of configuration management, with the name of the program. */
const AGENTS: readonly (readonly [RegExp, string])[] = [
  [/^puppet(-agent)?\.service$|^puppet-run\.timer$/, 'Puppet'],
  [/^chef-client\.(service|timer)$|^cinc-client\.(service|timer)$/, 'Chef'],
  [/^(venv-)?salt-minion\.service$/, 'Salt'],
  [/^(cfengine3|cf-execd|cf-agent)\.service$/, 'CFEngine'],
  [/ansible.*\.(service|timer)$/, 'ansible-pull'],
  [/^(rudder-agent|rudder-cf-execd)\.service$/, 'Rudder'],
];

/** Other programs that control files, programs or name resolution of the machine. */
export const keeperChecks: readonly MachineCheck[] = [
  risk('vm', 'config-management', "no other program keeps meshx's files", configManagement),
  note('vm', 'selinux', "SELinux knows the labels of meshx's files", selinux),
  risk('vm', 'apparmor', 'AppArmor does not confine a program that the sidecar needs', apparmor),
  note('dns', 'resolver-in-use', 'resolvers on the machine stay in use', resolverInUse),
];

function configManagement({ machine }: MachineFacts): readonly Seen[] {
  const units = lines(machine, 'unit').flatMap((unit) => {
    const agent = AGENTS.find(([pattern]) => pattern.test(unit))?.[1];
    return agent === undefined ? [] : [`${agent} (${unit})`];
  });
  const found = [...units, ...lines(machine, 'cron').map((file) => `a job in ${file}`)];
  if (found.length === 0) return [];
  const detail = `${found.join(', ')} may overwrite files that meshx changes.`;
  const hint =
    'Exclude from it: /etc/hosts, /etc/nsswitch.conf, /etc/systemd/system/istio.service and meshx-*, /var/lib/istio, /etc/certs.';
  return [{ ok: false, detail, hint }];
}

function selinux({ machine }: MachineFacts): readonly Seen[] {
  if (first(machine, 'selinux') !== '1') return [];
  const detail = 'SELinux is enforcing: files of meshx get the labels of their paths (restorecon).';
  return [{ ok: true, detail, hint: 'If a unit is denied access: ausearch -m AVC -ts recent' }];
}

function apparmor({ machine }: MachineFacts): readonly Seen[] {
  const profiles = lines(machine, 'apparmor').map((line) => line.replace(/ \(enforce\)$/, ''));
  if (profiles.length === 0) return [];
  const detail = `AppArmor confines programs that the sidecar or capture needs: ${profiles.join(', ')}.`;
  const hint = 'Set them to complain mode: aa-complain PROFILE, and read their log: journalctl -k -g apparmor';
  return [{ ok: false, detail, hint }];
}

/** Resolvers that answer on the machine. */
function resolverInUse({ machine }: MachineFacts): readonly Seen[] {
  const found = ['unbound', 'named', 'dnsmasq', 'pdns_recursor', 'nscd'].filter((name) =>
    lines(machine, 'process').includes(name),
  );
  if (found.length === 0 || lines(machine, 'meshx').length > 0) return [];
  const cache = found.includes('nscd')
    ? ' nscd caches answers: a name that was resolved before the join may be missing for a while.'
    : '';
  const detail = `${found.join(', ')} resolves names on the machine.${cache}`;
  const hint = found.includes('nscd')
    ? 'Clear its cache: nscd --invalidate=hosts'
    : 'It stays in use; resolve a name with: getent ahosts NAME';
  return [{ ok: true, detail, hint }];
}
