import { portMeaning } from '../../mesh/protocol.ts';
import type { ServicePort } from '../../mesh/service-port.ts';
import { present } from '../../present.ts';
import type { DialAnswer } from '../../vm/reachability/dial.ts';
import type { Seat } from '../../vm/reachability/seat.ts';
import type { JoinQuestion } from './question.ts';

/** What new connections from outside the mesh met. */
export interface OutsideSeen {
  readonly first: DialAnswer;
  /** One that waited for the server's greeting, as clients of this port do, where a refusal is expected. */
  readonly waiting?: DialAnswer;
}

/** Why the port is not tried from outside; undefined if it is. */
export function notFromOutside(
  { number }: ServicePort,
  { outside, dial, seat, shut = [] }: JoinQuestion,
): string | undefined {
  if (!dial || outside?.[number] === undefined) return 'no client outside the mesh tried, or no policy was read';
  if (seat?.outside === false) return `not tried: ${seat.why}`;
  if (!shut.includes(number)) return undefined;
  return `not tried: ${seatName(seat)} could not reach the port before either`;
}

/** Where the client outside the mesh is. */
export function seatName(seat: Seat | undefined): string {
  return seat?.outside ? seat.name : 'this machine';
}

/**
 * How long silence counts as a hang, where the sidecar waits for the client. A greeting that comes later is seen by the client that sends,
 * which waits longer.
 */
const SILENCE_MS = 500;
/** The same where nothing else shows it. */
const HANG_MS = 1000;
/** How much longer than a detection a server's greeting may take. */
const GREETING_MS = 2000;
/** The longest detection of a mesh that a check waits for. */
const MOST_DETECTION_MS = 30_000;

/** Connects to the port as clients outside the mesh do. */
export async function dialled(port: ServicePort, { dial, outside, vm, cluster }: JoinQuestion): Promise<OutsideSeen> {
  const expected = outside?.[port.number];
  const { protocol, serverFirst } = portMeaning(port);
  // A client that sends sees a refusal at once. HTTP is only sent to a server of HTTP or where a refusal is expected.
  const speaks = expected === 'refused' || (expected === 'plaintext' && protocol === 'HTTP');
  if (!dial) throw new TypeError('a connection from outside needs a machine that makes it');
  const { detectionMs = 0 } = 'detectionMs' in cluster ? cluster : {};
  const silenceMs = SILENCE_MS + Math.min(detectionMs, MOST_DETECTION_MS);
  const patience = {
    ...(expected === 'hangs' && { silenceMs: HANG_MS }),
    ...(detectionMs > 0 && serverFirst && { silenceMs: GREETING_MS + silenceMs }),
  };
  const [first, waiting] = await Promise.all([
    dial(vm.address, port.number, { speaks, ...(!speaks && patience) }),
    // Clients of this port do not send first: a refusal that only a sender sees is none for them.
    serverFirst && expected === 'refused' ? dial(vm.address, port.number, { speaks: false, silenceMs }) : undefined,
  ]);
  return { first, ...present({ waiting }) };
}
