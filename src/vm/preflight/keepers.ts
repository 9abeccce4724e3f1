import type { Finding } from '../finding.ts';
import { type Answers, first, lines } from './probe.ts';

/** Units that put files back as somebody else wants them, by the program that people know. */
const AGENTS: readonly (readonly [RegExp, string])[] = [
  [/^puppet(-agent)?\.service$|^puppet-run\.timer$/, 'Puppet'],
  [/^chef-client\.(service|timer)$|^cinc-client\.(service|timer)$/, 'Chef'],
  [/^(venv-)?salt-minion\.service$/, 'Salt'],
  [/^(cfengine3|cf-execd|cf-agent)\.service$/, 'CFEngine'],
  [/ansible.*\.(service|timer)$/, 'ansible-pull'],
  [/^(rudder-agent|rudder-cf-execd)\.service$/, 'Rudder'],
];

/** Who else decides about this machine's files and programs: configuration management, SELinux, AppArmor, resolvers. */
export function keeperFindings(answers: Answers): readonly Finding[] {
  return [
    ...managementFindings(answers),
    ...labelFindings(answers),
    ...profileFindings(answers),
    ...resolverFindings(answers),
  ];
}

function managementFindings(answers: Answers): readonly Finding[] {
  const units = lines(answers, 'unit').flatMap((unit) => {
    const agent = AGENTS.find(([pattern]) => pattern.test(unit))?.[1];
    return agent === undefined ? [] : [`${agent} (${unit})`];
  });
  const found = [...units, ...lines(answers, 'cron').map((file) => `a job in ${file}`)];
  if (found.length === 0) return [];
  const message = `${found.join(', ')} may put back files that meshx changes.`;
  const hint =
    'Keep out of its hands: /etc/hosts, /etc/nsswitch.conf, /etc/systemd/system/istio.service and meshx-*, /var/lib/istio, /etc/certs.';
  return [{ id: 'config-management', severity: 'risk', risk: 'config-management', message, hint }];
}

function labelFindings(answers: Answers): readonly Finding[] {
  if (first(answers, 'selinux') !== '1') return [];
  const message = 'SELinux is enforcing: files of meshx get the labels of their places (restorecon).';
  const hint = 'If a unit is refused something: ausearch -m AVC -ts recent';
  return [{ id: 'selinux', severity: 'note', message, hint }];
}

function profileFindings(answers: Answers): readonly Finding[] {
  const profiles = lines(answers, 'apparmor').map((line) => line.replace(/ \(enforce\)$/, ''));
  if (profiles.length === 0) return [];
  const message = `AppArmor confines programs that the sidecar or capture needs: ${profiles.join(', ')}.`;
  const hint = 'Let them report only: aa-complain PROFILE, and look at what they log: journalctl -k -g apparmor';
  return [{ id: 'apparmor', severity: 'risk', risk: 'apparmor', message, hint }];
}

/** Resolvers that answer on the machine: what is in use, no more. */
function resolverFindings(answers: Answers): readonly Finding[] {
  const found = ['unbound', 'named', 'dnsmasq', 'pdns_recursor', 'nscd'].filter((name) =>
    lines(answers, 'process').includes(name),
  );
  if (found.length === 0 || lines(answers, 'meshx').length > 0) return [];
  const cache = found.includes('nscd')
    ? ' nscd keeps answers: a name asked before the mesh knew it may be missing for a while.'
    : '';
  const message = `Names are answered on the machine by ${found.join(', ')}.${cache}`;
  const hint = found.includes('nscd')
    ? 'Let it forget: nscd --invalidate=hosts'
    : 'It stays in use; see how a name is resolved: getent ahosts NAME';
  return [{ id: 'resolver-in-use', severity: 'note', message, hint }];
}
