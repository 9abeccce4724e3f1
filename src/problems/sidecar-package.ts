import { known } from '../problems.ts';

/** Problems of the package that brings the sidecar's binaries, met on the operator's machine. */
export const packageProblems = {
  missing: known('package-missing', (d: { path: string; reason: string }) => ({
    message: `The package ${d.path} cannot be read: ${d.reason}.`,
    hint: 'Name a .deb, an .rpm, a directory of binaries or an https URL with: --package PATH',
  })),
  unreadable: known('package-unreadable', (d: { path: string; reason: string }) => ({
    message: `${d.path} is not a package that meshx can read: ${d.reason}.`,
    hint: 'Look at it with dpkg-deb --info or rpm -qip; a broken download must be fetched again.',
  })),
  sha256Wrong: known('package-sha256-wrong', (d: { path: string; wanted: string; found: string }) => ({
    message: `${d.path} has sha256 ${d.found}, not ${d.wanted}. It was not used.`,
    hint: 'Fetch the package again and compare with the figure that its publisher gives.',
  })),
  sha256Needed: known('package-sha256-needed', (d: { url: string }) => ({
    message: `${d.url} is fetched from the network, and no sha256 says what must arrive.`,
    hint: 'Add the figure that its publisher gives: --sha256 HEX',
  })),
  sha256Malformed: known('package-sha256-malformed', (d: { text: string }) => ({
    message: `${JSON.stringify(d.text.slice(0, 80))} is not a sha256: 64 hexadecimal digits.`,
    hint: 'Make it with: sha256sum FILE',
  })),
  downloadFailed: known('package-download-failed', (d: { url: string; reason: string }) => ({
    message: `${d.url} could not be fetched: ${d.reason}.`,
    hint: 'Try it with curl -LO, then give the file: --package FILE',
  })),
  needed: known('package-needed', (d: { vm: string; missing: readonly string[] }) => ({
    message: `${d.vm} has no ${d.missing.join(' and no ')}, and no package was given. Nothing was changed.`,
    hint: "Add the istio-sidecar package of your mesh's Istio version: --package FILE|DIR|URL",
  })),
  binariesMissing: known('package-binaries-missing', (d: { path: string; missing: readonly string[] }) => ({
    message: `The directory ${d.path} holds no ${d.missing.join(' and no ')}.`,
    hint: 'It needs pilot-agent and envoy, either directly or as usr/local/bin/pilot-agent and usr/local/bin/envoy.',
  })),
};
