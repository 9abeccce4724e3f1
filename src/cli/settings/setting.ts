/** Whose file it is: the operator's own, or one that a project brings. */
export type Owner = 'user' | 'project';

/** A value as it was given: text, a list, or a switch. */
export type SettingValue = string | readonly string[] | boolean;

/** The value that a file gives for an option, and where it is written. */
export interface Setting {
  readonly value: SettingValue;
  readonly owner: Owner;
  /** `FILE:LINE:COLUMN`. */
  readonly where: string;
  /** Its precedence among settings: the higher one wins where two exclude each other. */
  readonly rank: number;
}

/** Settings by the camelCase names of their options. */
export type Settings = ReadonlyMap<string, Setting>;
