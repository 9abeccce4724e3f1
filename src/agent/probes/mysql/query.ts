import { Fields, unexpected } from '../fields.ts';
import type { Packets } from './packet.ts';

const COM_QUERY = 0x03;
const EOF = 0xfe;
const NULL = 0xfb;
const COLUMNS = 256;
const ROWS = 64;

/** Runs a statement and ignores its result. Throws a ServerError if the server refuses it. */
export async function execute(packets: Packets, sql: string): Promise<void> {
  packets.command(COM_QUERY, sql);
  await packets.next();
}

/** A row by column name; undefined is NULL. */
export type Row = Readonly<Record<string, string | undefined>>;

/**
 * The rows of a query ("Text Resultset" of the MySQL source documentation). Throws a ServerError if the server refuses it, a Failure
 * for more than 64 rows.
 */
export async function rows(packets: Packets, sql: string): Promise<readonly Row[]> {
  packets.command(COM_QUERY, sql);
  const count = length(new Fields(await packets.next()));
  if (count === undefined || count === 0 || count > COLUMNS) throw unexpected();
  const names: string[] = [];
  for (let column = 0; column < count; column += 1) names.push(columnName(await packets.next()));
  if (!isEof(await packets.next())) throw unexpected();
  const found: Row[] = [];
  for (let payload = await packets.next(); !isEof(payload); payload = await packets.next()) {
    if (found.length === ROWS) throw unexpected(`more than ${ROWS} rows`);
    const fields = new Fields(payload);
    found.push(Object.fromEntries(names.map((name) => [name, text(fields)])));
  }
  return found;
}

/** Column Definition: catalog, schema, table, original table, name. */
function columnName(payload: Buffer): string {
  const fields = new Fields(payload);
  for (let skipped = 0; skipped < 4; skipped += 1) text(fields);
  return text(fields) ?? '';
}

function isEof(payload: Buffer): boolean {
  return payload[0] === EOF && payload.length < 9;
}

function text(fields: Fields): string | undefined {
  const size = length(fields);
  return size === undefined ? undefined : fields.bytes(size).toString();
}

/** A length-encoded integer; undefined is NULL. */
function length(fields: Fields): number | undefined {
  const first = fields.little(1);
  if (first === NULL) return undefined;
  if (first < NULL) return first;
  if (first === 0xfc) return fields.little(2);
  if (first === 0xfd) return fields.little(3);
  throw unexpected();
}
