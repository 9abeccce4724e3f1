import { known } from '../problems.ts';

/** Problems of a machine that shall become, or is, a VM of the mesh. */
export const vmProblems = {
  probeUnreadable: known('vm-probe-unreadable', (d: { host: string; answer: string }) => ({
    message: `${d.host} gave an answer to the preflight that meshx cannot read: ${JSON.stringify(d.answer.slice(0, 200))}.`,
    hint: 'Log in and look what the shell prints by itself; the machine needs a POSIX shell, awk and coreutils.',
  })),
  resolverUnknown: known('resolver-unknown', (d: { link: string; trail: readonly string[] }) => ({
    message: `/etc/resolv.conf links to ${d.link}, which belongs to no resolver that meshx knows.`,
    hint: 'Put nameserver 127.0.0.1 first there by its own tool, then run: meshx setup-vm VM --only package certs cluster-env sidecar-env units',
    issues: d.trail,
  })),
  dnsmasqMissing: known('dnsmasq-missing', (d: { trail: readonly string[] }) => ({
    message: 'A classic mesh needs dnsmasq on the VM, and it is not installed there.',
    hint: 'Install it on the VM: apt-get install dnsmasq, or: dnf install dnsmasq',
    issues: d.trail,
  })),
  switchFailed: known('dead-man-switch-failed', (d: { vm: string; said: string }) => ({
    message: `${d.vm}: the dead-man switch does not work: ${d.said}. Without it nothing is started that could lock you out.`,
    hint: 'Look on the VM: systemctl status meshx-revert.timer meshx-revert.service; df /var/lib/meshx',
  })),
  reverted: known(
    'reverted',
    (d: { vm: string; why: string; again: string; kept: boolean; seen: readonly string[] }) => ({
      message: d.kept
        ? `${d.vm} was left as it ran before, as nothing had been started yet: ${d.why}`
        : `${d.vm} went back: capture is off, and the sidecar does not start at boot: ${d.why}`,
      hint: `Cure the cause, then run: ${d.again}`,
      issues: d.seen,
    }),
  ),
  notConfirmed: known('not-confirmed', (d: { vm: string; why: string; again: string }) => ({
    message: `${d.vm} could not be confirmed: ${d.why}.`,
    hint: `See what it says: meshx capture ${d.vm} status; then run: ${d.again}`,
  })),
  settingsUnread: known('settings-unread', (d: { vm: string; findings: readonly string[] }) => ({
    message: `sidecar.env of ${d.vm} has lines that the sidecar would not read as they are meant. Nothing was changed.`,
    hint: `Replace each of them: meshx configure ${d.vm} --set KEY=VALUE, or --unset KEY`,
    issues: d.findings,
  })),
  nothingToAdopt: known('nothing-to-adopt', (d: { vm: string; missing: readonly string[] }) => ({
    message: `${d.vm} has no sidecar that somebody set up for a cluster with istiod: missing ${d.missing.join(', ')}.`,
    hint: `Take it in with: meshx setup-vm ${d.vm}`,
  })),
  agentNotTrusted: known('agent-not-trusted', (d: { vm: string; unit: string; fault: string }) => ({
    message: `The agent that ${d.unit} of ${d.vm} runs cannot be trusted: ${d.fault}. No identity was asked for, nothing was changed.`,
    hint: `Install the sidecar from its package again and restart it, or name the right unit: meshx adopt ${d.vm} --unit NAME`,
  })),
  adoptUnconfirmed: known(
    'adopt-unconfirmed',
    (d: { vm: string; claims: readonly string[]; found: readonly string[]; command: string }) => ({
      message: `The cluster does not confirm the identity that ${d.vm} claims: ${d.claims.join(', ')}. No token was asked for, nothing was changed.`,
      hint: `Start its sidecar, so that it registers itself; or, if the identity is right, name it: ${d.command}`,
      issues: d.found,
    }),
  ),
  adoptNeedsRestart: known('adopt-needs-restart', (d: { vm: string; differences: readonly string[] }) => ({
    message: `The sidecar of ${d.vm} runs with other settings than it would have, and has to be restarted. Nothing was changed.`,
    hint: `Let it be drained and restarted: meshx adopt ${d.vm} --restart`,
    issues: d.differences,
  })),
  portsClosed: known('ports-closed', (d: { vm: string; ports: readonly string[] }) => ({
    message: `${d.vm}: new connections are no longer taken: ${d.ports.join(', ')}.`,
    hint: 'Look whether the keys of sidecar.env are right: meshx configure VM --dry-run; on the VM: tail /var/log/istio/istio.log',
    issues: d.ports,
  })),
  revertsByItself: known(
    'reverts-by-itself',
    (d: { vm: string; at: string; why: string; again: string; seen: readonly string[] }) => ({
      message: `${d.vm} cannot be reached any more (${d.why}). It goes back by itself at ${d.at}: capture is taken away then.`,
      hint: `Log in after that time and look, or run again: ${d.again}`,
      issues: d.seen,
    }),
  ),
  bypassMissing: known('bypass-missing', (d: { vm: string }) => ({
    message: `${d.vm} has no /usr/local/sbin/meshx-bypass: meshx has not set it up, or an older one has.`,
    hint: `Set it up first: meshx setup-vm ${d.vm}`,
  })),
  bypassFailed: known('bypass-failed', (d: { vm: string; verb: string; said: string }) => ({
    message: `${d.vm}: meshx-bypass ${d.verb} failed: ${d.said}`,
    hint: 'Look on the VM: meshx-bypass status; journalctl -u istio -u meshx-capture',
  })),
};
