import * as z from 'zod';
import { FleetSchema } from './schema.ts';

/** The JSON Schema (2020-12) of fleet.yaml, for editors and CI: two spaces of indentation and a line break at the end. */
export function fleetJsonSchema(): string {
  const schema = z.toJSONSchema(FleetSchema, { target: 'draft-2020-12', io: 'input' });
  return `${JSON.stringify({ title: 'fleet.yaml of meshx', ...schema }, undefined, 2)}\n`;
}
