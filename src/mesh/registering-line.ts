import type { ServicePort } from './service-port.ts';

/** The facts of one registration. */
export interface Registering {
  readonly service: string;
  readonly address: string;
  readonly ports: readonly ServicePort[];
}

/** The line that `istioctl register` printed, without its time stamp. Go prints a port as {number name}. */
export function registeringLine({ service, address, ports }: Registering): string {
  const shown = ports.map(({ number, name }) => `{${number} ${name}}`).join(' ');
  return `Registering for service '${service}' ip '${address}', ports list [${shown}]`;
}

/** The second line: labels and annotations of the new objects, in istioctl's form. */
export function labelsLine(
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): string {
  return `${counted(labels)} labels (${shownMap(labels)}) and ${counted(annotations)} annotations (${shownMap(annotations)})`;
}

/** The last line: how many endpoints the service has now. */
export function updatedLine(service: string, count: number): string {
  return `Successfully updated ${service}, now with ${count} endpoints`;
}

function counted(map: Readonly<Record<string, string>>): number {
  return Object.keys(map).length;
}

function shownMap(map: Readonly<Record<string, string>>): string {
  return `[${Object.entries(map)
    .map(([key, value]) => `${key}=${value}`)
    .join(' ')}]`;
}
