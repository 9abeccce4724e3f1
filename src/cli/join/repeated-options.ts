import { REPEATED } from '../../operations/join/recorded-options.ts';
import type { RecordedOptions } from '../../vm/membership-record.ts';
import type { Input } from '../input.ts';

const LISTS: readonly string[] = ['excludePorts', 'serviceCidr', 'acceptRisk'];

/** The given options that the next join of the same VM repeats, as they are recorded. */
export function repeatedOptions(input: Input): RecordedOptions {
  const found = REPEATED.map((name) => [name, given(input, name)] as const);
  return Object.fromEntries(found.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** DNS capture is on unless it is switched off. */
function given(input: Input, name: string): RecordedOptions[string] | undefined {
  if (name === 'captureDns') return input.call.given[name] === false ? false : undefined;
  if (!LISTS.includes(name)) return input.text(name);
  const texts = input.list(name);
  return texts.length === 0 ? undefined : texts;
}
