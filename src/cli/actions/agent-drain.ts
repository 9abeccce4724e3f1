import { requestDrain } from '../../agent/drain/ask-drain.ts';
import { AGENT_SOCKET } from '../../agent/status/ask.ts';
import { parseName } from '../../mesh/names.ts';
import type { Call } from '../command.ts';
import { drainRows } from '../drain-text.ts';
import { EXIT } from '../exit-codes.ts';
import { Input } from '../input.ts';
import { formatDocument, OUTPUT_FORMATS } from '../print.ts';
import { formatTable } from '../table.ts';
import { waitTimeoutMs } from '../time-limits.ts';

/** `meshx agent drain|undrain [SERVICE…]`, on the VM itself. */
export async function agentDrain(call: Call, verb: 'drain' | 'undrain'): Promise<number> {
  const input = new Input(`agent ${verb}`, call);
  const output = input.choice('output', OUTPUT_FORMATS) ?? 'text';
  const socket = input.text('socket') ?? AGENT_SOCKET;
  const limitMs = waitTimeoutMs(input);
  const services = call.args.map((name) => input.attempt('[service]', () => parseName(name, 'service')) ?? '');
  input.accept();
  const { signal } = call.world;
  const drained = await requestDrain({ verb, services, socket, limitMs, signal });
  call.terminal.out(
    output === 'text' ? formatTable(drainRows(drained)) : formatDocument({ services: drained }, output),
  );
  return EXIT.done;
}
