import { known } from '../problems.ts';

/** Problems of the sidecar's package on the operator's machine. */
export const packageProblems = {
  missing: known('package-missing', (d: { path: string; reason: string }) => ({
    message: `The package ${d.path} cannot be read: ${d.reason}.`,
    hint: 'Give a .deb, an .rpm, a directory of binaries or an https URL: --package PATH',
  })),
  unreadable: known('package-unreadable', (d: { path: string; reason: string }) => ({
    message: `${d.path} is not a package that meshx can read: ${d.reason}.`,
    hint: 'Inspect it with dpkg-deb --info or rpm -qip, and download it again if it is broken.',
  })),
  sha256Wrong: known('package-sha256-wrong', (d: { path: string; wanted: string; found: string }) => ({
    message: `${d.path} has sha256 ${d.found}, not ${d.wanted}. It was not used.`,
    hint: 'Download the package again and compare it with the published checksum.',
  })),
  sha256Needed: known('package-sha256-needed', (d: { url: string }) => ({
    message: `${d.url} would be downloaded, and no sha256 was given to verify it.`,
    hint: 'Add the published checksum: --sha256 HEX',
  })),
  sha256Malformed: known('package-sha256-malformed', (d: { text: string }) => ({
    message: `${JSON.stringify(d.text.slice(0, 80))} is not a sha256: 64 hexadecimal digits.`,
    hint: 'Compute it with: sha256sum FILE',
  })),
  downloadFailed: known('package-download-failed', (d: { url: string; reason: string }) => ({
    message: `Cannot download ${d.url}: ${d.reason}.`,
    hint: 'Check the network and HTTPS_PROXY, or download it with curl -LO elsewhere and give the file: --package FILE',
  })),
  needed: known('package-needed', (d: { vm: string; missing: readonly string[] }) => ({
    message: `${d.vm} has no ${d.missing.join(' and no ')}, and no package was given. Nothing was changed.`,
    hint: "Add the istio-sidecar package of your mesh's Istio version: --package FILE|DIR|URL",
  })),
  binariesMissing: known('package-binaries-missing', (d: { path: string; missing: readonly string[] }) => ({
    message: `The directory ${d.path} does not contain ${d.missing.join(' or ')}.`,
    hint: 'It needs pilot-agent and envoy, either directly or as usr/local/bin/pilot-agent and usr/local/bin/envoy.',
  })),
  versionUnknown: known('istiod-version-unknown', (d: { deployment: string; reason: string }) => ({
    message: `Which package the VM needs cannot be determined: ${d.deployment} ${d.reason}.`,
    hint: 'Give the package that fits your istiod: --package FILE|DIR|URL',
  })),
  notPublished: known('package-not-published', (d: { what: string; where: string }) => ({
    message: `There is no package of ${d.what} at ${d.where}.`,
    hint: 'Name a mirror or a directory that has it, or the package: --package-source URL|DIR or --package FILE|DIR|URL',
  })),
  notOffered: known('package-not-offered', (d: { vm: string; reason: string }) => ({
    message: `The repositories of ${d.vm} ${d.reason}. Nothing was changed.`,
    hint: 'Check them on the VM with apt-cache policy istio-sidecar, or leave out --package-source.',
  })),
  checksumUnreadable: known('package-checksum-unreadable', (d: { url: string; reason: string }) => ({
    message: `Cannot read the checksum of the package from ${d.url}: ${d.reason}. No package was downloaded.`,
    hint: 'Check the network, HTTPS_PROXY and the mirror, or give the package: --package FILE',
  })),
  formatUnknown: known('package-format-unknown', (d: { vm: string; reason: string }) => ({
    message: `No package can be chosen for ${d.vm}: ${d.reason}.`,
    hint: 'Give a directory with the binaries of the sidecar: --package DIR',
  })),
  cacheUnusable: known('cache-unusable', (d: { folder: string; reason: string }) => ({
    message: `The cache ${d.folder} cannot be used: ${d.reason}.`,
    hint: 'Name a folder of your own for caches: XDG_CACHE_HOME=FOLDER',
  })),
};
