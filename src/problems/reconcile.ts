import { known } from '../problems.ts';

interface Progress {
  readonly host: string;
  /** The summary of the change that was running. */
  readonly doing: string;
  readonly done: readonly string[];
  readonly left: readonly string[];
  /** The command that goes on, as it can be typed. */
  readonly again: string | undefined;
}

/** Where a run stopped, as issues: what was done and what was not. */
function progress({ done, left }: Progress): readonly string[] {
  return [...done.map((each) => `done: ${each}`), ...left.map((each) => `not done: ${each}`)];
}

function goOn({ again }: Progress): string {
  return again
    ? `run again, it goes on where it stopped: ${again}`
    : 'run the same command again: it goes on where it stopped.';
}

/** The last lines of what a program said: enough to see why, not a log. */
function lastLines(text: string): string {
  return text.trim().split('\n').slice(-30).join('\n').slice(-4000);
}

/** What can go wrong while a host is looked at and changed. */
export const reconcileProblems = {
  probeFailed: known('probe-failed', (d: { host: string; probe: string; exitCode: number; stderr: string }) => ({
    message: `${d.host}: looking at ${d.probe} failed (exit code ${d.exitCode}): ${lastLines(d.stderr) || 'no message'}`,
    hint: 'Look whether the user may use sudo and whether the machine runs systemd: sudo systemctl is-system-running',
  })),
  factsIncomplete: known('facts-incomplete', (d: { host: string; detail: string }) => ({
    message: `${d.host}: the answers of the machine did not arrive whole: ${d.detail}`,
    hint: 'Run the same meshx command again; when it stays, look at what the login shell of the user prints.',
  })),
  changeFailed: known('change-failed', (d: Progress & { exitCode: number; stderr: string }) => ({
    message: `${d.host}: could not ${d.doing} (exit code ${d.exitCode}): ${lastLines(d.stderr) || 'no message'}`,
    hint: `Cure the cause and ${goOn(d)}`,
    issues: progress(d),
  })),
  changeInterrupted: known('change-interrupted', (d: Progress) => ({
    message: `${d.host}: interrupted while it was to ${d.doing}. ${d.done.length} changes are done, ${d.left.length} are not`,
    hint: `To finish, ${goOn(d)}`,
    issues: progress(d),
  })),
  arrivedIncomplete: known('arrived-incomplete', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: the bytes that arrived are not the ones that were sent: ${lastLines(d.stderr)}`,
    hint: `What was there before is untouched. To finish, ${goOn(d)}`,
    issues: progress(d),
  })),
  changedSince: known('changed-since-plan', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: did not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `Make a new plan: ${goOn(d)}`,
    issues: progress(d),
  })),
  diskFull: known('disk-full', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: the disk is full: ${lastLines(d.stderr)}`,
    hint: `What was there before is untouched. Make room (df -h shows where) and ${goOn(d)}`,
    issues: progress(d),
  })),
  dependenciesMissing: known('package-dependencies-missing', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: packages that it needs are not installed: ${lastLines(d.stderr)}`,
    hint: `Install them on the VM (Debian, Ubuntu: sudo apt-get -f install) and ${goOn(d)}`,
    issues: progress(d),
  })),
  programMissing: known('program-missing', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `Install the program there and ${goOn(d)}`,
    issues: progress(d),
  })),
  packageUnsafe: known('package-unsafe', (d: { where: string; reason: string }) => ({
    message: `${d.where}: ${lastLines(d.reason)}`,
    hint: 'do not use this package: nothing of it was put in place. Get it again from Istio, and compare its sha256',
  })),

  packageIncomplete: known('package-incomplete', (d: Progress & { stderr: string }) => ({
    message: `${d.host}: could not ${d.doing}: ${lastLines(d.stderr)}`,
    hint: `Look whether it is the right package and ${goOn(d)}`,
    issues: progress(d),
  })),
  packageArchitecture: known('package-architecture', (d: { name: string; architecture: string; machine: string }) => ({
    message: `package ${d.name} is for ${d.architecture}, the machine is ${d.machine}`,
    hint: `nothing was changed. Give a package for ${d.machine}: --package FILE`,
  })),
  sourceUnreadable: known('source-unreadable', (d: { path: string; detail: string }) => ({
    message: `${d.path} cannot be read: ${d.detail}`,
    hint: 'Look whether the path is right and readable for you.',
  })),
  sourceDigest: known('source-digest', (d: { path: string; expected: string; found: string }) => ({
    message: `${d.path} has sha256 ${d.found}, the plan was made for ${d.expected}`,
    hint: 'nothing was installed. Get the file again, or make a new plan when the file was changed on purpose.',
  })),
  secretInvalid: known('secret-invalid', (d: { secret: string }) => ({
    message: `the secret ${d.secret} is empty or holds a line break, so it cannot be a token`,
    hint: 'Look where the token comes from; it is one line of text.',
  })),
  secretNotPem: known('secret-not-pem', (d: { secret: string }) => ({
    message: `the secret ${d.secret} is empty or no PEM text, so it cannot be a certificate or a key`,
    hint: 'Look where it comes from: it must begin with "-----BEGIN" and end with its "-----END" line.',
  })),
  envValueInvalid: known('env-value-invalid', (d: { path: string; issues: readonly string[] }) => ({
    message: `${d.issues.length} of the values for ${d.path} cannot stand in it: ${d.issues.join('; ')}`,
    hint: 'Give values of one line: shells and systemd read others differently.',
    issues: d.issues,
  })),
  fileNotText: known('file-not-text', (d: { path: string }) => ({
    message: `${d.path} is not UTF-8 text, so meshx cannot change a part of it without damage`,
    hint: `nothing was changed. Convert it on the VM: iconv -f latin1 -t utf8 ${d.path}`,
  })),
  planInvalid: known('plan-invalid', (d: { path: string; detail: string }) => ({
    message: `${d.path} is not a plan that meshx can apply: ${d.detail}. Nothing was changed.`,
    hint: 'Make a new one: meshx setup-vm VM --dry-run --out plan.json',
  })),
  undoJournalDamaged: known('undo-journal-damaged', (d: { host: string; issues: readonly string[] }) => ({
    message: `${d.host}: the undo journal cannot be followed: ${d.issues.join('; ')}`,
    hint: 'nothing was changed. Look at /var/lib/meshx/undo on the VM: index has the state before, files/ the copies. Mend the line, or go back by hand.',
    issues: d.issues,
  })),
  rootDirectoryInvalid: known('root-directory-invalid', (d: { directory: string; detail: string }) => ({
    message: `${d.directory} cannot be the root directory of an image: ${d.detail}`,
    hint: 'Give a directory that exists and is not the root of this machine: --root DIR',
  })),
  rootDirectoryRuns: known('root-directory-runs-nothing', (d: { directory: string; program: string }) => ({
    message: `${d.program} cannot be run in ${d.directory}: a directory that becomes an image runs nothing`,
    hint: 'Use a booted machine for this command.',
  })),
};
