import { hostPort } from '../../mesh/address.ts';
import type { ConnectionReport } from '../../operations/explain-connection.ts';
import type { Explained } from '../../vm/capture-rules/explain.ts';
import type { Packet } from '../../vm/capture-rules/packet.ts';
import type { Step } from '../../vm/capture-rules/walk.ts';

/** The connection, each rule with what was judged, the verdict, and notes. */
export function formatExplanation(vm: string, report: ConnectionReport): readonly string[] {
  return [
    `${vm}: ${describe(report)}`,
    ...report.programs.flatMap(formatProgram),
    `verdict: ${report.verdict}`,
    ...report.notes.map((note) => `note: ${note}`),
  ];
}

/** The same for programs. */
export function explanationDocument({ packet, user, programs, verdict, notes }: ConnectionReport): object {
  return {
    connection: packet,
    ...(user && { user }),
    programs: programs.map(({ program, steps, verdict: found, table }) => ({
      program,
      rules: steps.map(({ table: of, chain, rule, judgement }) => ({ table: of, chain, rule, ...judgement })),
      verdict: { ...found, table },
    })),
    ...{ verdict, notes },
  };
}

function describe({ packet, user }: ConnectionReport): string {
  const { protocol, destination, port, device = '' } = packet;
  const name = user?.name === undefined ? '' : ` (${user.name})`;
  if (packet.way === 'in')
    return `a ${protocol.toUpperCase()} connection from ${client(packet)} to port ${port}, by ${device}`;
  const from = packet.source === undefined ? '' : `, from ${packet.source}`;
  return `a ${protocol.toUpperCase()} connection of uid ${user?.uid ?? ''}${name} to ${hostPort(destination, port)}${from} by ${device}`;
}

function client({ source }: Packet): string {
  return source ?? 'any client';
}

function formatProgram({ program, steps }: Explained): readonly string[] {
  if (steps.length === 0) return [program, '  no rules for it'];
  let table = '';
  return [
    program,
    ...steps.flatMap((step) => {
      const heading = step.table === table ? [] : [`  ${step.table}`];
      table = step.table;
      return [...heading, formatStep(step)];
    }),
  ];
}

const WORDS = { yes: 'match   ', no: 'no match', unknown: 'unknown ' } as const;

function formatStep({ rule, depth, judgement: { holds, why } }: Step): string {
  return `    ${WORDS[holds]}  ${'  '.repeat(Math.min(depth, 8))}${rule}${why === undefined ? '' : `  (${why})`}`;
}
