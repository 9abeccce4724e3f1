import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { RootDirectoryHost } from '../../../src/host/root-directory.ts';
import type { Command, Host, Output } from '../../../src/host/run/host.ts';
import { parseFrames } from '../../../src/reconcile/frames.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { FakeVm } from './fake-vm.ts';

/** Scripts that change or read files alone: they run, in the folder. */
const OF_FILES =
  /^(undo-.*|probes|changes|find-units|membership|file-keep|text-write|journal-read|picture-read|user-sysusers|unit-enable)$/;

/** What systemd adds to what the files say of a member. */
const MEMBER = 'running yes\nunit istio.service\nunit meshx-capture.service\nswitch yes\n';

const RUNNING = 'LoadState=loaded\nActiveState=active\nNeedDaemonReload=no\nInvocationID=ab\n';

/** A VM of a current mesh that runs: its files are those of a folder, and what needs a running system a fake one answers. */
export class LiveVm {
  readonly system = new FakeVm();
  /** What scripts print that neither a folder nor the fake system has. */
  readonly answers = new Map<string, string>();
  readonly #root: string;
  #bypassed = true;

  /** Of a folder that was joined, or a new one. */
  constructor(root?: string) {
    this.#root = root ?? temporaryFolder();
    if (root !== undefined) return;
    this.write('/var/lib/istio/envoy/cluster.env', "ISTIO_META_AUTO_REGISTER_GROUP='web'\n");
    this.write('/var/lib/istio/envoy/sidecar.env', 'ISTIO_INBOUND_PORTS=8080\n');
    this.write('/etc/systemd/system/meshx-capture.service', '');
  }

  read(path: string): string {
    return readFileSync(join(this.#root, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.#root, path));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.#root, path)), { recursive: true });
    writeFileSync(join(this.#root, path), text);
  }

  async login(): Promise<Host> {
    const files = new RootDirectoryHost({ directory: this.#root });
    const system = await this.system.login();
    return {
      name: 'vm1',
      run: (command, signal) => this.#run(command, { files, system, signal }),
      [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
    };
  }

  async #run(command: Command, to: { files: Host; system: Host; signal: AbortSignal | undefined }): Promise<Output> {
    const { argv } = command;
    const name = (argv[3] ?? '').replace('meshx-', '');
    if (name === 'bypass') {
      const [verb] = argv.slice(5);
      if (verb !== 'status') {
        await to.system.run(command, to.signal);
        this.#bypassed = verb === 'off';
      }
      const state = this.#bypassed ? 'capture=off\nbypassed-since=T0\n' : 'capture=on\nboot=istio.service\n';
      return { exitCode: 0, stdout: verb === 'status' ? state : `capture is ${verb}\n`, stderr: '' };
    }
    if (!OF_FILES.test(name)) {
      const answer = await to.system.run(command, to.signal);
      return { ...answer, stdout: this.answers.get(name) ?? answer.stdout };
    }
    const answer = await to.files.run(command, to.signal);
    if (name === 'membership') return { ...answer, stdout: MEMBER + answer.stdout };
    return name === 'probes' ? { ...answer, stdout: withRunningUnits(answer, String(command.stdin)) } : answer;
  }
}

/** A folder runs no unit, so this answers as systemd would. */
function withRunningUnits(answer: Output, asked: string): string {
  const frames = parseFrames(answer, asked.split('\n').filter((line) => /\bask\b/.test(line)).length);
  if (typeof frames === 'string') throw new TypeError(frames);
  const texts = frames.map(({ exitCode, stdout }) => {
    const text = stdout.includes('Image=yes') ? RUNNING : stdout;
    return `${exitCode} ${Buffer.byteLength(text)}\n${text}`;
  });
  return Buffer.from(texts.join('')).toString('base64');
}
