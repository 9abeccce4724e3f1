import type { FieldPath } from './read-file.ts';
import type { Rollout } from './schema.ts';

/** A value of an option, as the file has it. */
export type OptionValue = string | number | boolean | readonly (string | number)[];

/** One VM of a fleet with the settings of the fleet, its groups and itself. Plain data. */
export interface FleetVm {
  /** Its name in the file and in every message. */
  readonly name: string;
  /** What SSH connects to, if it is not the name. */
  readonly address?: string;
  readonly groups: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** As in `--service`: `mysqldb:3306`. */
  readonly services: readonly string[];
  /** By their names on the command line, without the dashes. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** Where in the file each option was set; absent for what an inventory said. */
  readonly origins: Readonly<Record<string, FieldPath>>;
}

/** A fleet: its VMs in the order of its file. Plain data. */
export interface Fleet {
  readonly name: string;
  readonly rollout: Rollout;
  readonly vms: readonly FleetVm[];
}
