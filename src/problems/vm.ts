import { known } from '../problems.ts';
import { toShell } from '../shell-words.ts';
import { placedCommand, type PlacedCommand } from './placed-command.ts';

/** Problems of a VM of the mesh, or of a machine that joins it. */
export const vmProblems = {
  probeUnreadable: known('vm-probe-unreadable', (d: { host: string; answer: string }) => ({
    message: `${d.host} gave a preflight answer that meshx cannot read: ${JSON.stringify(d.answer.slice(0, 200))}.`,
    hint: 'Log in and check what the shell prints by itself. The machine needs a POSIX shell, awk and coreutils.',
  })),
  resolverUnknown: known('resolver-unknown', (d: { link: string; trail: readonly string[] }) => ({
    message: `/etc/resolv.conf links to ${d.link}, which is not the file of a resolver that meshx supports.`,
    hint: 'Use its own tool to put nameserver 127.0.0.1 first, then run: meshx setup-vm VM --only package certs cluster-env sidecar-env units',
    issues: d.trail,
  })),
  dnsmasqMissing: known('dnsmasq-missing', (d: { trail: readonly string[] }) => ({
    message: 'A classic mesh needs dnsmasq on the VM, and it is not installed.',
    hint: 'Install it on the VM: apt-get install dnsmasq, or: dnf install dnsmasq',
    issues: d.trail,
  })),
  switchFailed: known('dead-man-switch-failed', (d: { vm: string; said: string }) => ({
    message: `${d.vm}: the dead-man switch does not work: ${d.said}. Nothing that could lock you out is started without it.`,
    hint: 'Check on the VM: systemctl status meshx-revert.timer meshx-revert.service; df /var/lib/meshx',
  })),
  reverted: known(
    'reverted',
    (d: { vm: string; why: string; again: string; kept: boolean; seen: readonly string[] }) => ({
      message: d.kept
        ? `${d.vm} was left running as before, because nothing had been started yet: ${d.why}`
        : `${d.vm} was rolled back: capture is off, and the sidecar does not start at boot: ${d.why}`,
      hint: `Fix the cause, then run: ${d.again}`,
      issues: d.seen,
    }),
  ),
  notConfirmed: known('not-confirmed', (d: { vm: string; why: string; again: string }) => ({
    message: `${d.vm} could not be confirmed: ${d.why}.`,
    hint: `Check its state: meshx capture ${d.vm} status; then run: ${d.again}`,
  })),
  settingsUnread: known('settings-unread', (d: { vm: string; findings: readonly string[] }) => ({
    message: `sidecar.env of ${d.vm} has lines that the sidecar would misread. Nothing was changed.`,
    hint: `Replace each of them: meshx configure ${d.vm} --set KEY=VALUE, or --unset KEY`,
    issues: d.findings,
  })),
  nothingToAdopt: known('nothing-to-adopt', (d: { vm: string; missing: readonly string[] }) => ({
    message: `${d.vm} has no hand-made sidecar for an istiod cluster: missing ${d.missing.join(', ')}.`,
    hint: `Join it with: meshx setup-vm ${d.vm}`,
  })),
  agentNotTrusted: known('agent-not-trusted', (d: { vm: string; unit: string; fault: string }) => ({
    message: `The agent that ${d.unit} of ${d.vm} runs cannot be trusted: ${d.fault}. No identity was requested, and nothing was changed.`,
    hint: `Reinstall the sidecar from its package and restart it, or give the right unit: meshx adopt ${d.vm} --unit NAME`,
  })),
  adoptUnconfirmed: known(
    'adopt-unconfirmed',
    (d: PlacedCommand & { claims: readonly string[]; found: readonly string[] }) => ({
      message: `The cluster does not confirm the identity that ${d.vm} claims: ${d.claims.join(', ')}. No token was requested, and nothing was changed.`,
      hint: `Start its sidecar so that it registers itself. If the identity is right, confirm it: ${placedCommand(d)}`,
      issues: d.found,
    }),
  ),
  adoptNeedsRestart: known('adopt-needs-restart', (d: { vm: string; differences: readonly string[] }) => ({
    message: `The sidecar of ${d.vm} runs with different settings and must be restarted. Nothing was changed.`,
    hint: `Drain and restart it: meshx adopt ${d.vm} --restart`,
    issues: d.differences,
  })),
  portsClosed: known('ports-closed', (d: { vm: string; ports: readonly string[] }) => ({
    message: `${d.vm}: no longer accepts new connections: ${d.ports.join(', ')}.`,
    hint: `Check the keys of sidecar.env: meshx configure ${d.vm} --dry-run; on the VM: tail /var/log/istio/istio.log`,
    issues: d.ports,
  })),
  revertsByItself: known(
    'reverts-by-itself',
    (d: { vm: string; at: string; why: string; again: string; seen: readonly string[] }) => ({
      message: `${d.vm} is no longer reachable (${d.why}). It rolls itself back at ${d.at}, turning capture off.`,
      hint: `Log in after that time to check, or run again: ${d.again}`,
      issues: d.seen,
    }),
  ),
  bypassMissing: known('bypass-missing', (d: { vm: string }) => ({
    message: `${d.vm} has no /usr/local/sbin/meshx-bypass: it was not set up by meshx, or by an older version.`,
    hint: `Set it up first: meshx setup-vm ${d.vm}`,
  })),
  bypassFailed: known('bypass-failed', (d: { vm: string; verb: string; said: string }) => ({
    message: `${d.vm}: meshx-bypass ${d.verb} failed: ${d.said}`,
    hint: 'Check on the VM: meshx-bypass status; journalctl -u istio -u meshx-capture',
  })),
  userUnknown: known('user-unknown', (d: { vm: string; user: string }) => ({
    message: `${d.vm} has no user ${JSON.stringify(d.user)}.`,
    hint: 'Give a number, or a name that the VM knows; its users are listed by: getent passwd',
  })),
  noRoute: known('no-route', (d: { vm: string; to: string; said: string }) => ({
    message: `${d.vm} has no route for this connection, so no rule decides on it: ${d.to}: ${d.said}`,
    hint: `Look at the routes on the VM: ip route get ${d.to}`,
  })),
  captureNotLoaded: known('capture-not-loaded', (d: { vm: string }) => ({
    message: `${d.vm}: capture is off, so no rules can be compared.`,
    hint: `See why: meshx capture ${d.vm} status`,
  })),
  rulesDiffer: known('capture-rules-differ', (d: { vm: string; differences: readonly string[] }) => ({
    message: `${d.vm}: the rules of capture are not those that were loaded.`,
    hint: 'Find out which program changes them, then load them again on the VM: sudo systemctl restart meshx-capture',
    issues: d.differences,
  })),
  agentMissing: known('agent-missing', ({ vm }: { vm: string }) => ({
    message: `${vm} has no agent of meshx.`,
    hint: `Install it: meshx up ${toShell([vm])} --agent-executable FILE`,
  })),
  agentRequestFailed: known('agent-request-failed', (d: { vm: string; verb: string; said: string }) => ({
    message: `The agent of ${d.vm} did not carry out ${d.verb}: ${d.said || 'it gave no reason'}`,
    hint: 'Look at its log on the VM: journalctl -u meshx-agent -n 50',
  })),
};
