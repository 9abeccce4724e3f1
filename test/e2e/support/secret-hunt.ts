import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { must } from '../../lab/command.ts';
import type { Lab } from '../../lab/lab.ts';

/** Something that no one but its owner may see, and the places that are its own. */
export interface Secret {
  readonly name: string;
  readonly text: string;
  /** Paths on the VM, on the operator's machine, or `process TEXT` for processes with TEXT in their command line. */
  readonly at?: readonly string[];
}

const PATTERNS = '/root/secret-patterns';

/** Looks for secrets in everything that a run leaves behind, and in every process while it runs. */
export class SecretHunt {
  readonly #lab: Lab;
  readonly #vm: string;
  /** Command line and environment of every process that was seen, once each. */
  readonly #processes = new Set<string>();
  readonly #outputs: string[] = [];

  private constructor(lab: Lab, vm: string) {
    this.#lab = lab;
    this.#vm = vm;
  }

  static async begin(lab: Lab, vm: string): Promise<SecretHunt> {
    await lab.mustSsh(vm, 'touch /root/hunt-began');
    await must(['touch', join(lab.names.run, 'hunt-began')]);
    return new SecretHunt(lab, vm);
  }

  /** What a command printed. */
  printed(text: string): void {
    this.#outputs.push(text);
  }

  /** Searches all processes of this machine and its VMs repeatedly until the work has ended. */
  async watching<Result>(work: Promise<Result>): Promise<Result> {
    const ended = work.then(
      () => true,
      () => true,
    );
    do this.#look();
    while (!(await Promise.race([ended, pause(15, false)])));
    this.#look();
    return await work;
  }

  #look(): void {
    for (const id of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        const words = readFileSync(`/proc/${id}/cmdline`, 'latin1');
        const environment = readFileSync(`/proc/${id}/environ`, 'latin1');
        // Else it became another program between the two: the environment is not that of these words. The next look has it.
        if (words !== readFileSync(`/proc/${id}/cmdline`, 'latin1')) continue;
        this.#processes.add(`${words.replaceAll('\0', ' ')}\n${environment}`);
      } catch {
        // It has ended meanwhile.
      }
    }
  }

  /** Where each secret was found outside its own places, as `SECRET in PLACE`. */
  async found(secrets: readonly Secret[]): Promise<readonly string[]> {
    const searches = secrets.flatMap((secret) => formsOf(secret.text).map((form) => ({ secret, form })));
    const patterns = searches.map(({ form }) => form);
    const [files, own, journal, logs] = await Promise.all([
      this.#vmFiles(patterns),
      this.#operatorFiles(patterns),
      this.#lab.mustSsh(this.#vm, 'journalctl --no-pager -a -o export', { timeoutMs: 120_000 }),
      this.#logs(),
    ]);
    const places = new Map([
      ['the output', this.#outputs.join('\n')],
      ["the VM's journal", journal],
      ...logs,
      ...[...files, ...own],
    ]);
    const inText = searches.flatMap(({ secret, form }) =>
      [...places].flatMap(([place, text]) =>
        text.includes(form) && !(secret.at ?? []).some((own) => place.endsWith(` ${own}`))
          ? [[secret.name, place]]
          : [],
      ),
    );
    const inProcess = searches.flatMap(({ secret, form }) =>
      [...this.#processes].some((seen) => seen.includes(form) && !isOwn(secret, { seen, form }))
        ? [[secret.name, 'a process']]
        : [],
    );
    return [...new Set([...inText, ...inProcess].map(([name, place]) => `${name} in ${place}`))].sort();
  }

  /** Files of the VM that were changed since the beginning and hold one of the patterns. */
  async #vmFiles(patterns: readonly string[]): Promise<readonly (readonly [string, string])[]> {
    await this.#lab.mustSsh(this.#vm, `umask 077; cat > ${PATTERNS}`, { input: `${patterns.join('\n')}\n` });
    const roots = '/ /run /tmp /dev/shm /var/tmp';
    const find = `find ${roots} -xdev -type f -cnewer /root/hunt-began ! -path ${PATTERNS} -print0 | sort -zu`;
    const hits = await this.#lab.mustSsh(this.#vm, `${find} | xargs -0r grep -laF -f ${PATTERNS} --; rm ${PATTERNS}`, {
      timeoutMs: 120_000,
    });
    const paths = hits.split('\n').filter((path) => path !== '');
    const texts = paths.map(async (path) => [`the VM's file ${path}`, await this.#read(path)] as const);
    return await Promise.all(texts);
  }

  async #read(path: string): Promise<string> {
    return await this.#lab.mustSsh(this.#vm, `cat -- '${path.replaceAll("'", `'\\''`)}'`);
  }

  /** The operator's home, and what meshx left in the folder for temporary files. */
  async #operatorFiles(patterns: readonly string[]): Promise<readonly (readonly [string, string])[]> {
    const began = join(this.#lab.names.run, 'hunt-began');
    const home = await must(['find', this.#lab.home, '-type', 'f', '-size', '-5M', '-print0']);
    const newer = ['-type', 'f', '-cnewer', began, '-size', '-5M', '-print0'];
    const temporary = await must(['sh', '-c', 'find /tmp/meshx-* "$@" 2>/dev/null; exit 0', 'sh', ...newer]);
    const paths = [...home.split('\0'), ...temporary.split('\0')].filter((path) => path !== '');
    const texts = await Promise.all(
      paths.map(
        async (path) => [`the operator's file ${path}`, await readFile(path, 'latin1').catch(() => '')] as const,
      ),
    );
    return texts.filter(([, text]) => patterns.some((pattern) => text.includes(pattern)));
  }

  /** Logs of API server, istiod and all else that the lab runs. */
  async #logs(): Promise<readonly (readonly [string, string])[]> {
    const folder = join(this.#lab.names.run, 'log');
    return await Promise.all(
      readdirSync(folder).map(
        async (name) => [`the log ${name}`, await readFile(join(folder, name), 'latin1')] as const,
      ),
    );
  }
}

/** A process of its own may have it in its environment, never in its command line. */
function isOwn({ at = [] }: Secret, { seen, form }: { readonly seen: string; readonly form: string }): boolean {
  const words = seen.split('\n')[0] ?? '';
  return (
    !words.includes(form) &&
    at.some((own) => own.startsWith('process ') && words.includes(own.slice('process '.length)))
  );
}

/** The secret as it is, and as base64 has it at each of the three ways it can fall into groups of three bytes. */
function formsOf(text: string): readonly string[] {
  const shifted = [0, 1, 2].map((before) => {
    const encoded = Buffer.from('x'.repeat(before) + text)
      .toString('base64')
      .replace(/=+$/, '');
    // The characters at both ends depend on the text around the secret.
    return encoded.slice(before === 0 ? 0 : before + 1, -2);
  });
  return [text, ...shifted];
}
