import { Input } from '../../../src/cli/input.ts';
import { joinOptions } from '../../../src/cli/join/options.ts';
import type { Call } from '../../../src/cli/command.ts';

const SWITCHES = ['agent', 'captureDns'];

/** What is recorded of a command line, for the next join. */
function recorded(call: Pick<Call, 'given' | 'on'> & { readonly env?: Readonly<Record<string, string>> }) {
  const { env = {}, ...rest } = call;
  const world = {
    env,
    cwd: '/',
    home: '/',
    now: () => new Date(),
    signal: AbortSignal.any([]),
    version: '1',
    note: () => undefined,
  };
  const terminal = {
    out: () => undefined,
    err: () => undefined,
    color: false,
    tell: () => undefined,
    verbosity: 'normal' as const,
  };
  return joinOptions(new Input('up', { ...rest, args: [], world, terminal })).repeated;
}

test('a switch that is on by default is recorded only where it was turned off', () => {
  expect(recorded({ given: {}, on: SWITCHES })).toEqual({});
  expect(recorded({ given: { agent: false, captureDns: false }, on: [] })).toEqual({
    agent: false,
    captureDns: false,
  });
  expect(recorded({ given: {}, on: SWITCHES, env: { MESHX_CAPTURE_DNS: 'false' } })).toEqual({ captureDns: false });
});

test('a command without a switch, such as adopt, records nothing of it', () => {
  expect(recorded({ given: {}, on: [] })).toEqual({});
  expect(recorded({ given: {} })).toEqual({});
});
