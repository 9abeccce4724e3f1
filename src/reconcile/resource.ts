import type { AccountTokenWant } from './kinds/account-token.ts';
import type { DirectoryWant } from './kinds/directory.ts';
import type { EnabledWant } from './kinds/enabled.ts';
import type { EnvWant } from './kinds/env.ts';
import type { ExecutableWant } from './kinds/executable.ts';
import type { FileWant } from './kinds/file.ts';
import type { HostsWant } from './kinds/hosts.ts';
import type { KeptFileWant } from './kinds/kept-file.ts';
import type { LineWant } from './kinds/line.ts';
import type { NoFileWant } from './kinds/no-file.ts';
import type { PackageWant } from './kinds/package.ts';
import type { TokenWant } from './kinds/token.ts';
import type { UnitWant } from './kinds/unit.ts';
import type { UserWant } from './kinds/user.ts';

/** One wanted state on a host. Plain data, which can be printed, compared and stored. */
export type Resource =
  | AccountTokenWant
  | DirectoryWant
  | EnabledWant
  | EnvWant
  | ExecutableWant
  | FileWant
  | HostsWant
  | KeptFileWant
  | LineWant
  | NoFileWant
  | PackageWant
  | TokenWant
  | UnitWant
  | UserWant;

/** A named group of resources, in the order of a manual setup. */
export interface Step {
  readonly id: string;
  readonly title: string;
  readonly wants: readonly Resource[];
  /** `after-checks`: applied only after the checks have passed (units are enabled at boot last). */
  readonly when?: 'after-checks';
}
