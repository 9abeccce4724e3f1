import { known } from '../problems.ts';
import { toShell } from '../shell-words.ts';

interface Held {
  readonly fleet: string;
  readonly who: string;
  readonly since: string;
}

interface Stopped {
  readonly fleet: string;
  /** How many VMs failed. */
  readonly failed: number;
  readonly skipped: number;
  /** Each failure, with its issues. */
  readonly issues: readonly string[];
}

/** A fleet: its file, its lock, and its runs. */
export const fleetProblems = {
  fileMissing: known('fleet-file-missing', (d: { path: string; command: string }) => ({
    message: `There is no fleet file ${d.path}.`,
    hint: `Write it as docs/how-to/many-vms.md shows, or name another one: meshx ${d.command} FILE`,
  })),
  fileInvalid: known('fleet-file-invalid', (d: { path: string; issues: readonly string[] }) => ({
    message: `${d.path} is not a fleet that meshx can use: ${d.issues.length} issue${d.issues.length === 1 ? '' : 's'}.`,
    hint: 'Fix the file. Its form is in docs/reference/fleet.md; an editor checks it against schema/fleet.schema.json.',
    issues: d.issues,
  })),
  fileRefused: known('fleet-file-refused', (d: { path: string; reason: string }) => ({
    message: `${d.path} is not read: ${d.reason}. A fleet file decides what runs as root on its VMs.`,
    hint: `Make it a regular file of your own that no one else can change: ${toShell(['chmod', 'go-w', d.path])}`,
  })),
  hostUnknown: known('fleet-host-unknown', (d: { fleet: string; words: readonly string[] }) => ({
    message: `Fleet ${d.fleet} has no host or group for: ${d.words.join(', ')}.`,
    hint: 'See its hosts: meshx fleet status',
  })),
  locked: known('fleet-locked', (d: Held & { again: string }) => ({
    message: `Fleet ${d.fleet} is being changed by ${d.who} since ${d.since}. Nothing was changed by this run.`,
    hint: `Wait for it to end, then run: ${d.again}`,
  })),
  planOutdated: known('fleet-plan-outdated', (d: { fleet: string; wanted: string; found: string; review: string }) => ({
    message: `The plan of fleet ${d.fleet} is now ${d.found}, and ${d.wanted} was given: its file, a VM or the cluster has changed. Nothing was changed.`,
    hint: `Review the new plan: ${d.review}`,
  })),
  vmMoved: known('fleet-vm-moved', (d: { vm: string; review: string; issues: readonly string[] }) => ({
    message: `${d.vm} has changed since the plan of the fleet was made. It was not changed.`,
    hint: `Review the new plan: ${d.review}`,
    issues: d.issues,
  })),
  stopped: known('fleet-stopped', (d: Stopped) => ({
    message: `Fleet ${d.fleet}: ${d.failed} VM${d.failed === 1 ? '' : 's'} failed, ${d.skipped} skipped.`,
    hint: 'Fix the cause, then run the same command again: VMs that are done have nothing to do.',
    issues: d.issues,
  })),
  notPlanned: known('fleet-not-planned', (d: { fleet: string; issues: readonly string[] }) => ({
    message: `Fleet ${d.fleet}: ${d.issues.length} VM${d.issues.length === 1 ? '' : 's'} could not be planned.`,
    hint: 'Fix the cause, or leave the VMs out with: --limit',
    issues: d.issues,
  })),
  inventoryFailed: known('fleet-inventory-failed', (d: { source: string; reason: string }) => ({
    message: `The inventory ${d.source} gave no hosts: ${d.reason}. Nothing was changed.`,
    hint: 'Run the command by itself and look at what it prints.',
  })),
  memberUnconfirmed: known('fleet-member-unconfirmed', (d: { vm: string; fleet: string; reason: string }) => ({
    message: `Only the record in the cluster says that ${d.vm} is a VM of fleet ${d.fleet}: ${d.reason}. Nothing was changed on it.`,
    hint: `If it should leave the mesh, remove it by name: ${toShell(['meshx', 'down', d.vm])}`,
  })),
  noFormerPackages: known(
    'fleet-no-former-packages',
    (d: { fleet: string; vms: readonly string[]; remove: string }) => ({
      message: `Fleet ${d.fleet}: ${d.vms.join(', ')} ${d.vms.length === 1 ? 'keeps' : 'keep'} no earlier package to roll back to. Nothing was changed there.`,
      hint: `To undo a first join, remove the VM from the mesh: ${d.remove}`,
    }),
  ),
  recordFull: known(
    'fleet-record-full',
    (d: { fleet: string; bytes: number; most: number; approval: number; review: string }) => ({
      message: `The record of fleet ${d.fleet} would have ${Math.ceil(d.bytes / 1000)} KB${d.approval > 0 ? `, ${Math.ceil(d.approval / 1000)} KB of them for what the hash approves` : ''}. Its Lease has room for ${d.most / 1000} KB. Nothing was changed.`,
      hint:
        d.approval > 0
          ? `Review and apply one group after the other: ${d.review} --limit GROUP`
          : 'Divide the file into fleets with fewer VMs.',
    }),
  ),
  recordUnreadable: known('fleet-record-unreadable', (d: { lease: string; reason: string }) => ({
    message: `The record of the fleet in ${d.lease} cannot be read: ${d.reason}. Nothing was changed.`,
    hint: `Look at its annotations: kubectl get lease -o yaml. A record that is damaged can be removed with kubectl; the fleet then knows no VM that its file does not name.`,
  })),
};
