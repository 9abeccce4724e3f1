import { toShell } from '../shell-words.ts';

/** A command about a VM whose place in the cluster is named. */
export interface PlacedCommand {
  readonly command: string;
  readonly vm: string;
  readonly namespace?: string;
  readonly group?: string;
  readonly address?: string | undefined;
  readonly account?: string;
}

/** The command as it can be pasted. */
export function placedCommand({ command, vm, namespace, group, address, account }: PlacedCommand): string {
  const options = { '-n': namespace, '--workload-group': group, '--vm-address': address, '-s': account };
  const words = Object.entries(options).flatMap(([flag, value]) => (value === undefined ? [] : [flag, value]));
  return toShell(['meshx', command, vm, ...words]);
}
