import type { Inspection } from '../../vm/inspect.ts';
import type { PreflightInput } from '../../vm/preflight-input.ts';
import type { Answers } from '../../vm/preflight/probe.ts';
import type { Category, Check } from '../check.ts';
import type { Risk } from '../risk.ts';

/** The facts of a preflight. */
export interface MachineFacts {
  /** What the files of a running machine or of an image say. */
  readonly files: Answers;
  /** All answers of a running machine; absent for an image. */
  readonly machine: Answers;
  /** The operator's clock when the machine answered. */
  readonly now: Date;
  /** The parsed answers. */
  readonly inspection: Inspection;
  /** What the machine is compared with. */
  readonly input: PreflightInput;
}

export type MachineCheck = Check<MachineFacts>;

type Judge = MachineCheck['judge'];

const needs = ['machine', 'now', 'inspection', 'input'] as const;

/** A check that stops the run. */
export function error(category: Category, id: string, title: string, judge: Judge): MachineCheck {
  return { id, category, title, severity: 'error', needs, judge };
}

/** A check whose failure is only reported. */
export function note(category: Category, id: string, title: string, judge: Judge): MachineCheck {
  return { id, category, title, severity: 'note', needs, judge };
}

/** A check that stops the run unless the operator accepts the risk of this name. */
export function risk(category: Category, name: Risk, title: string, judge: Judge): MachineCheck {
  return { id: name, category, title, severity: 'risk', risk: name, needs, judge };
}

/** The same check for an image too, which has no answers of a running machine. */
export function onImages(check: MachineCheck): MachineCheck {
  return { ...check, needs: ['files', 'input'] };
}
