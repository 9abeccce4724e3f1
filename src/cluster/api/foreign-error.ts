import { mapping } from '../../mesh/unknown.ts';

/**
 * Code of an error of Node or a library: ENOENT, ECONNREFUSED, 404. For an AggregateError, the code of its first error.
 */
export function errorCode(error: unknown): string | number | undefined {
  const { code, errors } = fieldsOf(error);
  if (typeof code === 'string' || typeof code === 'number') return code;
  return Array.isArray(errors) && errors.length > 0 ? errorCode(errors[0]) : undefined;
}

/** First line of an error's message, cut to 300 characters. */
export function errorText(error: unknown): string {
  const { message } = fieldsOf(error);
  const text = typeof message === 'string' ? message : String(error);
  return text.trim().split('\n')[0]?.slice(0, 300) ?? '';
}

export function errorName(error: unknown): string {
  const { name } = fieldsOf(error);
  return typeof name === 'string' ? name : '';
}

/** instanceof fails for an error of another realm, so its fields are read. */
function fieldsOf(error: unknown): Readonly<Record<string, unknown>> {
  const { code, errors, message, name } = mapping(error);
  return { code, errors, message, name };
}
