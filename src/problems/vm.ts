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
};
