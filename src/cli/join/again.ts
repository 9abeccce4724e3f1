import type { JoinOptions } from '../../operations/join/options.ts';
import type { StatusOptions } from '../../operations/status/status.ts';
import { present } from '../../present.ts';
import type { Input } from '../input.ts';
import { machineOptions } from '../machine-options.ts';

/** The options with which a VM would join again: those of its earlier join are repeated. Issues are collected in the input. */
export function joinAgain(input: Input, { cluster, namespace }: StatusOptions): JoinOptions {
  return {
    ...{ cluster, machine: machineOptions(input), agent: { wanted: true }, excludePorts: [], create: true },
    workload: { rest: { labels: {}, services: [] }, captureDns: true, ...present({ namespace }) },
    ...{ acceptRisk: [], repeated: {}, forget: [], only: [], confirmWithin: 90, dryRun: true },
    restart: { allowed: true, limitMs: 0 },
  };
}
