import type { DirectoryWant } from './kinds/directory.ts';
import type { EnabledWant } from './kinds/enabled.ts';
import type { EnvWant } from './kinds/env.ts';
import type { FileWant } from './kinds/file.ts';
import type { HostsWant } from './kinds/hosts.ts';
import type { KeptFileWant } from './kinds/kept-file.ts';
import type { LineWant } from './kinds/line.ts';
import type { PackageWant } from './kinds/package.ts';
import type { TokenWant } from './kinds/token.ts';
import type { UnitWant } from './kinds/unit.ts';
import type { UserWant } from './kinds/user.ts';

/** One thing that must be so on a host. Plain data: it can be printed, compared, and kept in a golden file. */
export type Resource =
  | DirectoryWant
  | EnabledWant
  | EnvWant
  | FileWant
  | HostsWant
  | KeptFileWant
  | LineWant
  | PackageWant
  | TokenWant
  | UnitWant
  | UserWant;

/** A named group of resources, in the order in which an operator would set them up by hand. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly wants: readonly Resource[];
  /** `after-checks`: applied only when the proofs have passed (units are enabled for boot last). */
  readonly when?: 'after-checks';
}
