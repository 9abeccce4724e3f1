/** Levels of Envoy's loggers, from the most to the least talkative. */
const LOG_LEVELS = ['trace', 'debug', 'info', 'warning', 'error', 'critical', 'off'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

/** Reads the text of `/logging`: `active loggers:`, then a line `NAME: LEVEL` for each. */
export function readLogLevels(text: string): Readonly<Record<string, string>> {
  const lines = [...text.matchAll(/^\s*([\w.]+): (\w+)\s*$/gm)];
  return Object.fromEntries(lines.map(([, name = '', level = '']) => [name, level]));
}

/** The level of one logger; of all without a logger. */
export interface WantedLevel {
  readonly logger?: string;
  readonly level: LogLevel;
}

/** Reads `LOGGER:LEVEL`, or `LEVEL` for all. Throws an `Error` with the reason. */
export function wantedLevel(word: string): WantedLevel {
  const [, logger, name = ''] = /^(?:([a-z0-9_.]{1,64}):)?([a-z]+)$/.exec(word) ?? [];
  // Envoy's own word for the level is shorter.
  const level = LOG_LEVELS.find((each) => each === (name === 'warn' ? 'warning' : name));
  if (level === undefined) throw new Error(`it is not LEVEL or LOGGER:LEVEL, with a level of ${LOG_LEVELS.join(', ')}`);
  return { level, ...(logger !== undefined && { logger }) };
}

/** The page of the admin interface that sets these levels, for POST. */
export function loggingPage(levels: readonly WantedLevel[]): string {
  const all = levels.find(({ logger }) => logger === undefined);
  if (all) return `logging?level=${all.level}`;
  const paths = levels.map(({ logger = '', level }) => `${logger}:${level}`);
  return paths.length > 0 ? `logging?paths=${paths.join(',')}` : 'logging';
}
