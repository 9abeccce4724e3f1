// Writes the JSON Schema of fleet.yaml, which is in the package: npx tsx scripts/fleet-schema.ts
import { writeFileSync } from 'node:fs';
import { fleetJsonSchema } from '../src/fleet/json-schema.ts';

writeFileSync(new URL('../schema/fleet.schema.json', import.meta.url), fleetJsonSchema());
