import { isSubdomain } from '../../mesh/names.ts';
import { AGENT_SOCKET } from '../status/ask.ts';
import { requestForUnit } from './for-unit.ts';

/**
 * `meshx agent unit stops SERVICE SECONDS` and `meshx agent unit started SERVICE`, for the unit that drains a service before its own unit
 * stops. Always returns 0: a database must stop although its agent does not answer. undefined for other words.
 */
export async function unitMain(words: readonly string[], write: (line: string) => void): Promise<number | undefined> {
  const [event, service = '', seconds = '40', ...more] = words;
  if ((event !== 'stops' && event !== 'started') || !isSubdomain(service) || more.length > 0) return undefined;
  if (!/^\d{1,5}$/.test(seconds)) return undefined;
  const request = { event, service, socket: AGENT_SOCKET, limitMs: Number(seconds) * 1000 } as const;
  write(`${service}: ${await requestForUnit(request)}`);
  return 0;
}
