import { known } from '../problems.ts';

interface Progress {
  readonly host: string;
  /** The summary of the change that was running. */
  readonly doing: string;
  readonly done: readonly string[];
  readonly left: readonly string[];
  /** The command that continues. */
  readonly again: string | undefined;
}

/** Where a run stopped, as issues: what was done and what was not. */
function progress({ done, left }: Progress): readonly string[] {
  return [...done.map((each) => `done: ${each}`), ...left.map((each) => `not done: ${each}`)];
}

function goOn({ again }: Progress): string {
  return again
    ? `run again to continue where it stopped: ${again}`
    : 'run the same command again to continue where it stopped.';
}

/** The last lines of a program's output. */
function lastLines(text: string): string {
  return text.trim().split('\n').slice(-30).join('\n').slice(-4000);
}

/** What can go wrong while a host is inspected and changed. */
export const reconcileProblems = {
  probeFailed: known('probe-failed', (d: { host: string; probe: string; exitCode: number; stderr: string }) => ({
    message: `${d.host}: inspecting ${d.probe} failed (exit code ${d.exitCode}): ${lastLines(d.stderr) || 'no message'}`,
    hint: 'Check that the user may use sudo and that the machine runs systemd: sudo systemctl is-system-running',
  })),
  factsIncomplete: known('facts-incomplete', (d: { host: string; detail: string }) => ({
    message: `${d.host}: the machine's answers arrived incomplete: ${d.detail}`,
    hint: "Run the same command again. If it persists, check what the user's login shell prints.",
  })),
  changeFailed: known('change-failed', (d: Progress & { exitCode: number; stderr: string }) => ({
    message: `${d.host}: could not ${d.doing} (exit code ${d.exitCode}): ${lastLines(d.stderr) || 'no message'}`,
    hint: `Fix the cause and ${goOn(d)}`,
    issues: progress(d),
  })),
  changeInterrupted: known('change-interrupted', (d: Progress) => ({
    message: `${d.host}: interrupted at: ${d.doing}. ${d.done.length} changes are done, ${d.left.length} are not`,
    hint: `To finish, ${goOn(d)}`,
    issues: progress(d),
  })),
  arrivedIncomplete: known('arrived-incomplete', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: the data arrived corrupted: ${lastLines(d.stderr)}`,
    hint: `The previous content is intact. To finish, ${goOn(d)}`,
    issues: progress(d),
  })),
  changedSince: known('changed-since-plan', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: did not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `To make a new plan, ${goOn(d)}`,
    issues: progress(d),
  })),
  diskFull: known('disk-full', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: the disk is full: ${lastLines(d.stderr)}`,
    hint: `The previous content is intact. Free up space (see df -h) and ${goOn(d)}`,
    issues: progress(d),
  })),
  dependenciesMissing: known('package-dependencies-missing', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: packages it depends on are not installed: ${lastLines(d.stderr)}`,
    hint: `Install them on the VM (Debian, Ubuntu: sudo apt-get -f install) and ${goOn(d)}`,
    issues: progress(d),
  })),
  programMissing: known('program-missing', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `Install the program on the VM and ${goOn(d)}`,
    issues: progress(d),
  })),
  packageUnsafe: known('package-unsafe', (d: { where: string; reason: string }) => ({
    message: `${d.where}: ${lastLines(d.reason)}`,
    hint: 'Do not use this package; none of it was installed. Download it again from Istio and compare its sha256.',
  })),

  packageIncomplete: known('package-incomplete', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `Check that it is the right package and ${goOn(d)}`,
    issues: progress(d),
  })),
  packageArchitecture: known('package-architecture', (d: { name: string; architecture: string; machine: string }) => ({
    message: `package ${d.name} is for ${d.architecture}, the machine is ${d.machine}. Nothing was changed.`,
    hint: `Give a package for ${d.machine}: --package FILE`,
  })),
  executableArchitecture: known(
    'executable-architecture',
    (d: { name: string; architecture: string; machine: string }) => ({
      message: `${d.name} is for ${d.architecture}, the machine is ${d.machine}. Nothing was changed.`,
      hint: `Give one for ${d.machine}: --agent-executable FILE. Or join without the agent: --no-agent`,
    }),
  ),
  sourceUnreadable: known('source-unreadable', (d: { path: string; detail: string }) => ({
    message: `${d.path} cannot be read: ${d.detail}`,
    hint: 'Check that the path is right and that you can read it.',
  })),
  sourceDigest: known('source-digest', (d: { path: string; expected: string; found: string }) => ({
    message: `${d.path} has sha256 ${d.found}, but the plan was made for ${d.expected}. Nothing was installed.`,
    hint: 'Download the file again, or make a new plan if it was changed on purpose.',
  })),
  secretInvalid: known('secret-invalid', (d: { secret: string }) => ({
    message: `the secret ${d.secret} is empty or contains a line break, so it cannot be a token`,
    hint: 'Check where the token comes from; it must be one line of text.',
  })),
  secretNotPem: known('secret-not-pem', (d: { secret: string }) => ({
    message: `the secret ${d.secret} is empty or is not PEM, so it cannot be a certificate or a key`,
    hint: 'Check where it comes from: it must begin with "-----BEGIN" and end with its "-----END" line.',
  })),
  envValueInvalid: known('env-value-invalid', (d: { path: string; issues: readonly string[] }) => ({
    message: `${d.issues.length} of the values for ${d.path} are invalid: ${d.issues.join('; ')}`,
    hint: 'Use one-line values; shells and systemd read others differently.',
    issues: d.issues,
  })),
  fileNotText: known('file-not-text', (d: { path: string }) => ({
    message: `${d.path} is not UTF-8 text, so meshx cannot edit it without damage. Nothing was changed.`,
    hint: `Convert it on the VM: iconv -f latin1 -t utf8 ${d.path}`,
  })),
  planInvalid: known('plan-invalid', (d: { path: string; detail: string }) => ({
    message: `${d.path} is not a plan that meshx can apply: ${d.detail}. Nothing was changed.`,
    hint: 'Make a new one: meshx setup-vm VM --dry-run --out plan.json',
  })),
  formatNewer: known(
    'format-newer',
    (d: { host: string; kind: string; file: string; format: number; known: number; by?: string }) => ({
      message: `${d.host}: ${d.file} (${d.kind}) has format ${d.format}, written by ${d.by === undefined ? 'a newer meshx' : `meshx ${d.by}`}. This meshx reads formats up to ${d.known}. Nothing was changed.`,
      hint: `Use ${d.by === undefined ? 'the meshx version that wrote it' : `meshx ${d.by}`}, or a newer one.`,
    }),
  ),
  undoJournalDamaged: known('undo-journal-damaged', (d: { host: string; issues: readonly string[] }) => ({
    message: `${d.host}: the undo journal cannot be parsed: ${d.issues.join('; ')}. Nothing was changed.`,
    hint: 'Inspect /var/lib/meshx/undo on the VM: index holds the previous state, files/ the copies. Repair the line, or restore the machine by hand.',
    issues: d.issues,
  })),
  rootDirectoryInvalid: known('root-directory-invalid', (d: { directory: string; detail: string }) => ({
    message: `${d.directory} cannot be the root directory of an image: ${d.detail}`,
    hint: 'Give an existing directory other than the root of this machine: --root DIR',
  })),
  rootDirectoryRuns: known('root-directory-runs-nothing', (d: { directory: string; program: string }) => ({
    message: `${d.program} cannot be run in ${d.directory}: nothing runs in an image directory`,
    hint: 'Use a booted VM for this command.',
  })),
};
