const SPACE = /[ \t\n\r]/;
const END = /[\n\r]/;

type State = 'start' | 'comment' | 'key' | 'before' | 'value' | 'escape' | 'single' | 'double' | 'double-escape';

/**
 * Assignments of a KEY=value file as systemd reads it for EnvironmentFile=, in their order; systemd/settings.awk reads the same.
 * A name that is no variable comes back as it is.
 */
export function readEnvironmentFile(text: string): readonly (readonly [key: string, value: string])[] {
  const reader = new Reader();
  for (const char of text) reader.take(char);
  return reader.finish();
}

class Reader {
  readonly #found: [string, string][] = [];
  #state: State = 'start';
  #key = '';
  #value = '';
  #blanks = '';

  take(char: string): void {
    this.#state = this.#next(char);
  }

  finish(): readonly (readonly [string, string])[] {
    if (!['start', 'comment', 'key'].includes(this.#state)) this.#emit();
    return this.#found;
  }

  #next(char: string): State {
    switch (this.#state) {
      case 'start':
        return this.#start(char);
      case 'comment':
        return END.test(char) ? 'start' : 'comment';
      case 'key':
        return this.#inKey(char);
      case 'before':
        return this.#before(char);
      case 'value':
        return this.#inValue(char);
      case 'escape':
        return this.#add(END.test(char) ? '' : char, 'value');
      case 'single':
        return char === "'" ? 'before' : this.#add(char, 'single');
      case 'double':
        if (char === '"') return 'before';
        return char === '\\' ? 'double-escape' : this.#add(char, 'double');
      case 'double-escape':
        if (/["\\`$]/.test(char)) return this.#add(char, 'double');
        return this.#add(char === '\n' ? '' : `\\${char}`, 'double');
    }
  }

  #start(char: string): State {
    if (/[#;]/.test(char)) return 'comment';
    if (SPACE.test(char)) return 'start';
    this.#key = char;
    return 'key';
  }

  #inKey(char: string): State {
    if (END.test(char)) return 'start';
    if (char !== '=') {
      this.#key += char;
      return 'key';
    }
    this.#key = this.#key.replace(/[ \t]+$/, '');
    this.#value = this.#blanks = '';
    return 'before';
  }

  /** Before the value, or behind a quoted part of it. */
  #before(char: string): State {
    if (END.test(char)) return this.#emit();
    if (char === "'") return 'single';
    if (char === '"') return 'double';
    if (char === '\\') return 'escape';
    return SPACE.test(char) ? 'before' : this.#add(char, 'value');
  }

  #inValue(char: string): State {
    if (END.test(char)) return this.#emit();
    if (SPACE.test(char)) {
      this.#blanks += char;
      return 'value';
    }
    this.#value += this.#blanks;
    this.#blanks = '';
    return char === '\\' ? 'escape' : this.#add(char, 'value');
  }

  #add(text: string, state: State): State {
    this.#value += text;
    this.#blanks = '';
    return state;
  }

  #emit(): State {
    this.#found.push([this.#key, this.#value]);
    return 'start';
  }
}
