/**
 * Characters that drive a terminal or hide in a line: C0 and C1 controls, DEL, Unicode's format characters (writing direction,
 * zero width, tags), line and paragraph separators, halves of a surrogate pair.
 */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text from outside as part of one line: each active character, line breaks included, is shown as an escape. */
export function visible(text: string): string {
  return text.replace(ACTIVE, escaped);
}

/** Text of several lines: line breaks and tabs stay, everything else that is active is shown as an escape. */
export function visibleLines(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(ACTIVE, (mark) => (mark === '\n' || mark === '\t' ? mark : escaped(mark)));
}

/** Whether some program that shows this text would act on it. */
export function isActive(text: string): boolean {
  return text.search(ACTIVE) >= 0;
}

/** JSON whose strings hold no active character; it reads back as the same value. */
export function visibleJson(value: unknown, space?: number): string {
  // JSON.stringify escapes C0 and lone surrogates itself. The line breaks that are left are those between members.
  return visibleLines(JSON.stringify(value, undefined, space));
}

function escaped(mark: string): string {
  return SHORT[mark] ?? mark.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
