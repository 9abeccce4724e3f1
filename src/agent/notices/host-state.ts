/** What Compute Engine says about its plans for the machine: https://cloud.google.com/compute/docs/metadata/predefined-metadata-keys */
export interface HostState {
  /** `TRUE` or `FALSE`: the machine ends within 30 seconds. */
  readonly preempted?: string;
  /** `NONE`, `MIGRATE_ON_HOST_MAINTENANCE` or `TERMINATE_ON_HOST_MAINTENANCE`. */
  readonly 'maintenance-event'?: string;
}

/** The names of the two values in the metadata of an instance. */
export const HOST_KEYS = ['preempted', 'maintenance-event'] as const;

/** Why the services must leave rotation; undefined if they need not. A live migration stops the machine for less than a second. */
export function reasonToLeave({ preempted, 'maintenance-event': maintenance }: HostState): string | undefined {
  if (preempted === 'TRUE') return 'Compute Engine preempts the machine';
  return maintenance === 'TERMINATE_ON_HOST_MAINTENANCE'
    ? 'Compute Engine stops the machine for maintenance'
    : undefined;
}
