import { execFile } from 'node:child_process';

/** A unit as systemd shows it. */
export interface UnitState {
  /** `active`, `inactive`, `failed`, `activating` … */
  readonly active: string;
  /** `enabled`, `disabled`, `masked` …; empty for a unit without a file. */
  readonly file: string;
}

/** Units that a joined VM has. */
const MESH_UNITS = ['istio.service', 'meshx-capture.service', 'meshx-watch.service', 'meshx-resolver.service'] as const;

const PROPERTIES = '--property=Id,ActiveState,UnitFileState';

/** The states in the output of `systemctl show`: one block for each unit, divided by empty lines. Other lines are skipped. */
export function parseUnits(output: string): ReadonlyMap<string, UnitState> {
  const blocks = output.split(/\n{2,}/).map((block) => new Map(block.split('\n').map(property)));
  return new Map(
    blocks.flatMap((block) => {
      const id = block.get('Id');
      const state = { active: block.get('ActiveState') ?? '', file: block.get('UnitFileState') ?? '' };
      return id === undefined ? [] : [[id, state] as const];
    }),
  );
}

function property(line: string): readonly [string, string] {
  const at = line.indexOf('=');
  return at < 0 ? ['', ''] : [line.slice(0, at), line.slice(at + 1)];
}

const LIMIT_MS = 10_000;

/** The states of meshx's units; empty if systemd does not answer in time. `program` is for tests. */
export function readUnits(signal: AbortSignal, program = 'systemctl'): Promise<ReadonlyMap<string, UnitState>> {
  const options = { signal, timeout: LIMIT_MS, maxBuffer: 64 * 1024 };
  return new Promise((resolve) => {
    execFile(program, ['show', PROPERTIES, ...MESH_UNITS], options, (error, stdout) => {
      resolve(error ? new Map() : parseUnits(stdout));
    });
  });
}
