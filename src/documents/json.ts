import { Unreadable } from './unreadable.ts';

/** The value of a JSON text. Throws `Unreadable`, whose message never repeats the text. */
export function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (text.trim() === '') throw new Unreadable('it is empty');
    const position = Number(/position (\d+)/.exec(String(error))?.[1] ?? text.length);
    throw new Unreadable('it is not JSON', text.slice(0, position).split('\n').length);
  }
}

/** The value of a JSON text; undefined for any other text. */
export function tryJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller handles text that is not JSON.
    return undefined;
  }
}

/** One of several values in a text, and its first line. */
export interface Placed {
  readonly value: unknown;
  readonly line: number;
}

/** JSON objects and lists one after another, as kubectl reads them; undefined for any other text. */
export function tryJsonStream(text: string): readonly Placed[] | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  const whole = tryJson(text);
  if (whole !== undefined) return [{ value: whole, line: 1 }];
  const found: Placed[] = [];
  let from = 0;
  for (const end of endsOfValues(text)) {
    const part = text.slice(from, end);
    const value = tryJson(part);
    if (value === undefined) return undefined;
    found.push({ value, line: text.slice(0, from + part.search(/\S/)).split('\n').length });
    from = end;
  }
  return text.slice(from).trim() === '' ? found : undefined;
}

/** Where each outermost object or list ends. */
function* endsOfValues(text: string): Generator<number> {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === '{' || token === '[') depth += 1;
    else if ((token === '}' || token === ']') && (depth -= 1) === 0) yield index + 1;
  }
}
