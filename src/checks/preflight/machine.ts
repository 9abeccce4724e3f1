import type { Inspection } from '../../vm/inspect.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { Answers } from '../../vm/preflight/probe.ts';
import type { Check } from '../check.ts';

/** What the probe of a machine gives to judge. */
export interface MachineFacts {
  /** What its files say: of a running machine, or of an image. */
  readonly files: Answers;
  /** All answers of a machine that runs. */
  readonly machine: Answers;
  /** The operator's clock at the moment of these answers. */
  readonly now: Date;
  /** The answers as they were read. */
  readonly inspection: Inspection;
  /** What the machine is compared with. */
  readonly input: PreflightInput;
}

export type MachineCheck = Check<MachineFacts>;
