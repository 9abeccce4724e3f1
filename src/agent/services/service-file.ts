import { isIP } from 'node:net';
import * as z from 'zod';
import { parseLabelKey, parseLabelValue } from '../../mesh/labels.ts';
import { parseName } from '../../mesh/names.ts';
import { parseServicePort, type ServicePort } from '../../mesh/service-port.ts';
import { MOST_AGENT_WEIGHT } from '../../mesh/current/agent-annotations.ts';
import type { MeshService } from '../../mesh/workload.ts';
import { formatYaml } from '../../mesh/yaml-text.ts';
import { accepts } from '../../problems.ts';
import { agentProblems } from '../../problems/agent.ts';
import { present } from '../../present.ts';
import { METHOD_KINDS, type ProbeMethod, probeMethodSchema } from '../probes/method.ts';
import { parseFields, parseStrict } from '../strict-file.ts';
import { DURATION_FORM, formatDuration, parseDuration } from '../../mesh/duration.ts';

/** One service of the VM, as its file in /etc/meshx/services.d says. */
export interface ServiceDefinition {
  /** The mesh service of the same name. */
  readonly name: string;
  /** At least one. */
  readonly ports: readonly ServicePort[];
  readonly labels: Readonly<Record<string, string>>;
  /** The weight of the VM's entry, which all its services share. */
  readonly weight?: number;
  readonly probe: ProbeDefinition;
  /** How long open connections may take to end. */
  readonly drainLimitMs: number;
  /** The systemd service that runs it, which drains it before it stops. */
  readonly drainUnit?: string;
}

/**
 * How a service is probed.
 *
 * @public
 */
export interface ProbeDefinition {
  readonly method: ProbeMethod;
  /** Absent: 127.0.0.1, then the VM's own address. */
  readonly address?: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Successes in a row until the service is ready. */
  readonly rise: number;
  /** Failures in a row until it is down. */
  readonly fall: number;
}

/** Characters of one file. */
export const SERVICE_FILE_LIMIT = 16 * 1024;
export const SERVICE_FILE_ENDING = '.yaml';

/** Whether a file of a service may name this unit as the one that drains the service. */
export function isDrainUnit(name: string): boolean {
  return DRAIN_UNIT.safeParse(name).success;
}

const MOST_PORTS = 16;
const MOST_LABELS = 32;
const RESERVED = /(^|\.)meshx\.dev\//;

const duration = (least: number, most: number, usual: string) =>
  z
    .string(DURATION_FORM)
    .refine((text) => parseDuration(text) !== undefined, { error: DURATION_FORM, abort: true })
    .transform((text) => parseDuration(text) ?? 0)
    .refine((ms) => ms >= least && ms <= most, `from ${formatDuration(least)} to ${formatDuration(most)}`)
    .prefault(usual);

const PORT_FORM = 'a port from 1 to 65535';
const PORT_NAME = z.string().refine(
  accepts((name) => parseServicePort(`${name}:1`)),
  'a port name has 1 to 63 lower-case letters, digits and "-", and names no UDP',
);

const PORTS = z
  .record(PORT_NAME, z.int(PORT_FORM).min(1, PORT_FORM).max(65_535, PORT_FORM))
  .refine((ports) => isCount(ports, 1, MOST_PORTS), `1 to ${MOST_PORTS} ports`)
  .refine((ports) => new Set(Object.values(ports)).size === Object.keys(ports).length, 'two ports have one number')
  .transform((ports): readonly ServicePort[] => Object.entries(ports).map(([name, number]) => ({ name, number })));

const LABEL_KEY = z
  .string()
  .refine(accepts(parseLabelKey), 'not the key of a Kubernetes label')
  .refine((key) => !RESERVED.test(key), 'meshx sets labels with the prefix meshx.dev/ itself');
const LABELS = z
  .record(
    LABEL_KEY,
    z
      .string('text; a number or a word such as yes needs quotes')
      .refine(accepts(parseLabelValue), 'not the value of a Kubernetes label'),
  )
  .refine((labels) => isCount(labels, 0, MOST_LABELS), `at most ${MOST_LABELS} labels`);

/**
 * Part of a unit file that root's systemd reads: no specifier, no escape, no space. meshx's own units would wait for themselves, and those
 * of systemd are needed by all others.
 */
const DRAIN_UNIT = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@-]*\.service$/, 'not the name of a systemd service, as mariadb.service')
  .refine(
    (name) => !/^(istio|dbus|meshx-.*|systemd-.*)\.service$|@\.service$/.test(name),
    'not a unit that runs a service of the mesh',
  );

const COUNT = z.int().min(1).max(100);

const FILE = z.strictObject({
  name: z.string().refine(
    accepts((text) => parseName(text, 'service')),
    'not the name of a Kubernetes Service',
  ),
  ports: PORTS,
  labels: LABELS.default({}),
  weight: z.int().min(1).max(MOST_AGENT_WEIGHT).optional(),
  probe: z.record(z.string(), z.unknown()).default({}),
  drain: z.strictObject({ limit: duration(0, 3_600_000, '30s'), unit: DRAIN_UNIT.optional() }).prefault({}),
});

/** The fields of a probe beside its method. */
const TIMES = z.strictObject({
  address: z
    .string()
    .refine((text) => isIP(text) > 0, 'not an IP address')
    .optional(),
  interval: duration(200, 3_600_000, '1s'),
  timeout: duration(50, 60_000, '1s'),
  rise: COUNT.default(2),
  fall: COUNT.default(3),
});

/**
 * One file of /etc/meshx/services.d; `file` is its name, such as `mysqldb.yaml`, which must be that of the service. Throws
 * `agent-file-invalid` with the line, the column and the reason of each issue.
 */
export function parseServiceFile(file: string, text: string): ServiceDefinition {
  const issues = [`${file}:1:1: larger than ${SERVICE_FILE_LIMIT / 1024} KiB`];
  if (text.length > SERVICE_FILE_LIMIT) throw agentProblems.fileInvalid({ file, issues });
  return parseStrict(schemaOf(file), file, text);
}

/** The probe asks the service's first port unless it says otherwise, so it is parsed after the ports. */
function schemaOf(file: string) {
  return FILE.transform(({ name, ports, labels, weight, probe, drain }, context): ServiceDefinition => {
    const parsed = parseProbe(probe, ports[0]);
    for (const issue of parsed.issues) context.addIssue({ ...issue, path: ['probe', ...issue.path] });
    const own = `${name}${SERVICE_FILE_ENDING}`;
    if (own !== file)
      context.addIssue({ code: 'custom', path: ['name'], message: `the file of this service is ${own}` });
    if (!parsed.probe) return z.NEVER;
    const { limit: drainLimitMs, unit: drainUnit } = drain;
    return { name, ports, labels, ...present({ weight, drainUnit }), probe: parsed.probe, drainLimitMs };
  });
}

interface ParsedProbe {
  readonly probe?: ProbeDefinition;
  readonly issues: readonly z.core.$ZodIssue[];
}

/** The times of a probe are beside its method: `{mysql: {port: 3306}, interval: 1s}`. */
function parseProbe(fields: Readonly<Record<string, unknown>>, first: ServicePort | undefined): ParsedProbe {
  const given = Object.entries(fields);
  const asked = Object.fromEntries(given.filter(([key]) => METHOD_KINDS.includes(key)));
  const [kind = usualMethod(first?.name ?? '')] = Object.keys(asked);
  const times = parseFields(TIMES, Object.fromEntries(given.filter(([key]) => !METHOD_KINDS.includes(key))));
  const method = parseFields(probeMethodSchema(first?.number ?? 0), { [kind]: {}, ...asked });
  // The issues of a method are those of its options.
  const below = Object.keys(asked).length > 1 ? [] : [kind];
  const unknown = times.issues.map((issue) => ({ ...issue, message: withMethods(issue) }));
  const issues = [...unknown, ...method.issues.map((issue) => ({ ...issue, path: [...below, ...issue.path] }))];
  if (!times.data || !method.data) return { issues };
  const { address, interval, timeout, rise, fall } = times.data;
  const every = { intervalMs: interval, timeoutMs: timeout, rise, fall };
  return { issues, probe: { method: method.data, ...present({ address }), ...every } };
}

/**
 * The method of a file without one. MySQL and MariaDB block an address after 100 connections that say nothing (max_connect_errors), so
 * a port of theirs gets its own probe.
 */
function usualMethod(portName: string): 'mysql' | 'tcp' {
  return /^mysql(-|$)/.test(portName) ? 'mysql' : 'tcp';
}

/** An unknown field of a probe may be a misspelt method. */
function withMethods({ code, message }: z.core.$ZodIssue): string {
  return code === 'unrecognized_keys' ? [message, ...METHOD_KINDS].join(' ') : message;
}

/** What formatServiceFile writes: a service, and whatever else its file says. */
export type ServiceFile = MeshService & Partial<Omit<ServiceDefinition, keyof MeshService>>;

/** The text of a service's file, which parseServiceFile reads back. Fields that are absent get the defaults of the reader. */
export function formatServiceFile(service: ServiceFile): string {
  const { name, ports, labels, weight, probe, drainLimitMs, drainUnit } = service;
  const drain = present({
    limit: drainLimitMs === undefined ? undefined : formatDuration(drainLimitMs),
    unit: drainUnit,
  });
  return formatYaml({
    name,
    ports: Object.fromEntries(ports.map((port) => [port.name, port.number])),
    ...(labels && Object.keys(labels).length > 0 && { labels }),
    ...present({ weight }),
    ...(probe && { probe: probeFields(probe) }),
    ...(Object.keys(drain).length > 0 && { drain }),
  });
}

function probeFields({ method, address, intervalMs, timeoutMs, rise, fall }: ProbeDefinition) {
  const { kind, ...options } = method;
  const times = { interval: formatDuration(intervalMs), timeout: formatDuration(timeoutMs), rise, fall };
  return { [kind]: options, ...present({ address }), ...times };
}

function isCount(mapping: object, least: number, most: number): boolean {
  const { length } = Object.keys(mapping);
  return length >= least && length <= most;
}
