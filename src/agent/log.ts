import { isActive, visible } from '../visible.ts';

/** A value of a log line. Never a secret: tokens, passwords and the text of credential files have no place in a log. */
export type LogValue = string | number | boolean | undefined;

/** Severity of a line, as syslog numbers it. */
type LogLevel = 'error' | 'warning' | 'notice' | 'info' | 'debug';

/** Writes one line per event: its name, and fields that say what happened to what. */
export type Log = (event: string, fields?: Readonly<Record<string, LogValue>>, level?: LogLevel) => void;

/** systemd reads `<N>` at the start of a line of standard output as its priority: sd-daemon(3). */
const PRIORITY = { error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

/** Characters of one value; the rest is cut. */
const LONGEST = 512;

/** A log that hands each line, without a line break, to `write`. `prefixed` puts the priority in front, for the journal. */
export function createLog(write: (line: string) => void, prefixed: boolean): Log {
  return (event, fields = {}, level = 'info') => {
    const prefix = prefixed ? `<${PRIORITY[level]}>` : '';
    write(`${prefix}${formatEvent(event, fields)}`);
  };
}

/** `event key=value key="two words"`: logfmt, one line whatever the values hold. */
export function formatEvent(event: string, fields: Readonly<Record<string, LogValue>>): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined);
  return [event, ...pairs.map(([key, value]) => `${key}=${formatValue(String(value))}`)].join(' ');
}

function formatValue(text: string): string {
  const cut = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  if (cut !== '' && !/[\s"=\\]/.test(cut) && !isActive(cut)) return cut;
  return `"${visible(cut.replace(/["\\]/g, (mark) => `\\${mark}`))}"`;
}
