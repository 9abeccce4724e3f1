/** The first packet of a new connection. Absent fields are unknown. */
export interface Packet {
  readonly way: 'out' | 'in';
  readonly family: 4 | 6;
  readonly protocol: 'tcp' | 'udp';
  readonly source?: string;
  readonly destination: string;
  readonly port: number;
  /** The interface that it leaves or arrives by. */
  readonly device?: string;
  /** Whether the destination is an address of this machine. */
  readonly local: boolean;
  /** Of the process that sends it. */
  readonly uid?: number;
  readonly gid?: number;
  readonly mark: number;
  /** A rule turned tracking off for it: no nat rule applies. */
  readonly untracked?: boolean;
}

/** Whether a condition holds for a packet: no guess is made where it is unknown. */
export interface Judgement {
  readonly holds: 'yes' | 'no' | 'unknown';
  /** Absent for `yes`. */
  readonly why?: string;
}

export const YES: Judgement = { holds: 'yes' };

/** Turns a judgement round, for `!`. */
export function inverted(judgement: Judgement, why: string): Judgement {
  if (judgement.holds === 'unknown') return judgement;
  return judgement.holds === 'yes' ? { holds: 'no', why } : YES;
}
