import type { Command, Host, Output } from '../../../src/host/run/host.ts';
import { HELD } from '../../../src/reconcile/exit-codes.ts';
import { hostProblems } from '../../../src/problems/host.ts';

/** What is made to go wrong with a script: it fails, the operator presses Ctrl-C in it, or its connection dies for good. */
export type Fault = 'fails' | 'aborts' | 'loses the connection' | 'loses the VM';

const answer = (stdout = '', exitCode = 0): Output => ({ exitCode, stdout, stderr: exitCode === 0 ? '' : 'it failed' });

/**
 * A VM with a sidecar and a dead-man switch, as its scripts change them: what is armed, captured and enabled can be asked. A
 * fault belongs to the name of a script.
 */
export class FakeVm {
  readonly ran: string[] = [];
  /** The lines of the audit, as they were noted. */
  readonly audit: string[] = [];
  readonly faults = new Map<string, Fault>();
  /** What a script prints besides its effect. */
  readonly prints = new Map<string, Partial<Output>>();
  readonly operator = new AbortController();
  dead = false;
  armed = false;
  /** The switch: how it ended. */
  ended: 'confirmed' | 'rolled back' | undefined;
  capture = true;
  enabled = false;
  connections = 2;
  /** Connections that a drain leaves open. */
  left = 0;
  /** Whether the sidecar answers that it is ready. */
  ready = true;
  /** Another run changed the VM since it was inspected. */
  moved = false;
  /** Another run holds the lock. */
  locked = false;
  /** Another program undoes what was just done. */
  unsettled = false;
  logins = 0;
  /** How many units each inspection asked about. */
  readonly probed: number[] = [];
  /** The confirmation enables the units at boot, too. */
  confirmEnables = true;
  #startedSinceArmed = false;

  /** A login; the first one is as good as any. */
  login(): Promise<Host> {
    this.logins += 1;
    return this.dead ? Promise.reject(lost()) : Promise.resolve(new Connection(this));
  }

  async run(name: string, { argv, stdin }: Command): Promise<Output> {
    this.ran.push(name);
    const fault = this.faults.get(name);
    if (fault === 'fails') return answer('', 1);
    if (fault === 'aborts') {
      this.operator.abort(new Error('SIGINT'));
      throw this.operator.signal.reason;
    }
    if (fault === 'loses the VM') this.dead = true;
    if (fault !== undefined) throw lost();
    return { ...this.#answers(name, argv.slice(4), String(stdin ?? '')), ...this.prints.get(name) };
  }

  #answers(name: string, args: readonly string[], stdin: string): Output {
    switch (name) {
      case 'run-begin':
        if (this.locked) return answer('who bert@desk\nsince T\ncommand meshx down vm1\n', HELD);
        this.audit.push(args[5] ?? '');
        return answer(`taken - 1.0\n${this.moved ? 'moved\n' : ''}`);
      case 'run-end':
        this.audit.push(args[2] ?? '');
        return answer();
      case 'switch-read':
        return answer(this.armed ? 'armed-since=T1\narmed-until=T2\narmed-by=ann@desk\n' : '');
      case 'switch-arm':
      case 'switch-confirm':
      case 'switch-revert':
        return this.#switch(name);
      case 'unit-start':
        this.capture = true;
        this.#startedSinceArmed = true;
        return answer();
      case 'unit-enable':
        this.enabled = true;
        return answer();
      case 'mesh-connections':
        return answer(`open ${this.connections} 0\nupdates 1\nend\n`);
      case 'drain':
        return answer(`open ${this.left} 0\nwaited 5\nend\n`);
      case 'ask':
        return answer(this.#asked(args.slice(2)));
      case 'probes':
        return answer(this.#probes(stdin));
      default:
        return answer();
    }
  }

  /** Each question is its name, the number of its arguments, and these. */
  #asked([name = '', count = '0', ...rest]: readonly string[], number = 1): string {
    if (name === '') return '';
    const units = rest.slice(0, Number(count));
    const lines =
      name === 'active'
        ? units.map((unit) => `${unit} active`)
        : [name === 'capture' ? `capture=${this.capture ? 'on' : 'off'}` : this.ready ? 'ready' : 'starting'];
    const text = [...lines, 'end 5'].map((line) => `${number} ${line}\n`).join('');
    return text + this.#asked(rest.slice(units.length), number + 1);
  }

  #switch(name: string): Output {
    if (name === 'switch-arm') {
      this.armed = true;
      this.#startedSinceArmed = false;
      return answer('until=T3\n');
    }
    if (!this.armed) return answer('', 191);
    this.armed = false;
    this.ended = name === 'switch-confirm' ? 'confirmed' : 'rolled back';
    if (name === 'switch-confirm') this.enabled ||= this.confirmEnables;
    else this.capture = !this.#startedSinceArmed;
    const kept = this.#startedSinceArmed ? 'no' : 'yes';
    return answer(this.ended === 'confirmed' ? '' : `reverted-why=w\nreverted-by=b\nreverted-kept=${kept}\n`);
  }

  /** Each unit is asked whether it starts at boot. */
  #probes(stdin: string): string {
    const asks = stdin.split('\n').filter((line) => /\bask\b/.test(line));
    this.probed.push(asks.length);
    const states = asks.map((line) => {
      const isOn = line.includes('guard') ? !this.unsettled : this.enabled;
      return isOn ? 'enabled\n' : 'disabled\n';
    });
    return Buffer.from(states.map((state) => `0 ${state.length}\n${state}`).join('')).toString('base64');
  }
}

function lost(): Error {
  return hostProblems.connectionLost({ host: 'vm1', doing: 'a command', reason: 'reset' });
}

class Connection implements Host {
  readonly name = 'vm1';
  readonly #vm: FakeVm;
  #lost = false;

  constructor(vm: FakeVm) {
    this.#vm = vm;
  }

  async run(command: Command, signal?: AbortSignal): Promise<Output> {
    if (this.#lost || this.#vm.dead) throw lost();
    signal?.throwIfAborted();
    const name = (command.argv[3] ?? '').replace('meshx-', '');
    try {
      return await this.#vm.run(name, command);
    } catch (error) {
      this.#lost = this.#vm.faults.get(name)?.startsWith('loses') ?? false;
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
