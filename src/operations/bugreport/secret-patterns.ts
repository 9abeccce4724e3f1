import { isNoSecret, isSecretName, SECRET_HEADER, SECRET_NAME } from './secret-names.ts';

/** A kind of secret, and how it is found in a text. */
export interface SecretPattern {
  readonly kind: string;
  readonly pattern: RegExp;
  /** What replaces a match; undefined where it holds no secret. `mark` stands for the secret. */
  readonly replace: (match: readonly (string | undefined)[], mark: string) => string | undefined;
}

const whole = (_: readonly (string | undefined)[], mark: string): string => mark;

/** "PRIVATE KEY" within base64, by where it begins in its group of three bytes. */
const IN_BASE64 = [0, 1, 2].map((offset) => {
  const encoded = Buffer.from(`${'x'.repeat(offset)}PRIVATE KEY`).toString('base64');
  // The first and the last characters also depend on the bytes beside it.
  return encoded.slice(offset === 0 ? 0 : offset + 1, -3);
});

/** How keys begin in base64 without the lines of PEM: PKCS #8, PKCS #1, SEC 1 (RFC 5915) and OpenSSH. */
const BARE_KEY =
  'MII[A-Za-z0-9+/]{3}IBADANBgkqhkiG9w0BAQEF|MII[A-Za-z0-9+/]{3}IBAAKC|MHcCAQEE|MIGkAgEB|MIGHAgEAMBMGByqGSM49|MC4CAQAwBQYDK2Vw|b3BlbnNzaC1rZXktdjE';

/** In this order: what an earlier one removed, no later one sees. Every repetition is bounded or cannot overlap. */
export const SECRET_PATTERNS: readonly SecretPattern[] = [
  {
    kind: 'private key',
    pattern: new RegExp(`\\b(?:${BARE_KEY})[A-Za-z0-9+/=]*(?:(?:\\\\n|\\s)+[A-Za-z0-9+/=]{16,}){0,400}`, 'g'),
    replace: whole,
  },
  {
    kind: 'encoded secret',
    pattern: /[A-Za-z0-9+/]{40,}(?:(?:\\n|\s)+[A-Za-z0-9+/]{16,}){0,400}={0,2}/g,
    replace: ([text = ''], mark) => (holdsSecret(text) ? mark : undefined),
  },
  {
    kind: 'token',
    pattern: /\beyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*){0,4}/g,
    replace: whole,
  },
  {
    kind: 'header',
    pattern: new RegExp(
      `\\b(${SECRET_HEADER})(\\\\?["']?[ \\t]*[:=][ \\t]*\\\\?["']?)(?![\\[{ \\t\\r\\n])([^\\r\\n"']+)`,
      'gi',
    ),
    replace: ([, name, sign], mark) => `${name}${sign}${mark}`,
  },
  {
    kind: 'token',
    pattern: /\b(Bearer|Basic|Negotiate|Digest)[ \t]+([A-Za-z0-9._~+/=-]{8,})/gi,
    replace: ([, scheme, value = ''], mark) => (/[\d=._~+/]|[a-z][A-Z]/.test(value) ? `${scheme} ${mark}` : undefined),
  },
  {
    kind: 'password in a URL',
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/[^\s/@:"'<>]{0,256}:)[^\s"'<>]{1,512}@/gi,
    replace: ([, before], mark) => `${before}${mark}@`,
  },
  {
    kind: 'password in a URL',
    pattern: /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:"'<>[\]]{20,512}@/gi,
    replace: ([, before], mark) => `${before}${mark}@`,
  },
  {
    kind: 'key in a URL',
    pattern: /([?&;](?:sig|key|auth|code|sas|pass|hmac)=)(?!\[removed: )[^&\s"'<>]+/gi,
    replace: ([, before], mark) => `${before}${mark}`,
  },
  {
    kind: 'cloud key',
    pattern:
      /\b(?:(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA|ANVA|ABIA|ACCA)[A-Z0-9]{16}\b|AIza[\w-]{30,}|ya29\.[\w.-]{10,}|GOCSPX-[\w-]{10,}|1\/\/0[\w-]{20,})/g,
    replace: whole,
  },
  {
    kind: 'token',
    pattern:
      /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|npm_\w{30,}|[rs]k_live_\w{16,}|hv[sbr]\.[\w-]{20,}|dop_v1_\w{32,})/g,
    replace: whole,
  },
  {
    kind: 'password',
    pattern: /\b(identified\s+(?:with\s+\S+\s+)?(?:by|as)\s+)('[^']*'|"[^"]*")/gi,
    replace: ([, before], mark) => `${before}${mark}`,
  },
  {
    kind: 'password',
    pattern: /(\b(?:mysql|mariadb)\w*\b[^\n]{0,300}?\s-p)(?!\[removed: )([^\s-]\S*)/gi,
    replace: ([, before], mark) => `${before}${mark}`,
  },
  {
    kind: 'password',
    pattern: /(\s-{1,2}(?:u|user|proxy-user)[ =]+[^\s:]{1,100}:)(?!\[removed: )\S+/g,
    replace: ([, before], mark) => `${before}${mark}`,
  },
  {
    kind: 'named secret',
    // A block scalar of YAML: every line that is indented deeper than its name.
    pattern: new RegExp(
      `^([ \\t]*(?:- )?)(["']?)(${SECRET_NAME})\\2(:[ \\t]*[|>][+-]?\\d?[ \\t]*\\n)((?:\\1[ \\t]+[^\\n]*(?:\\n|$)|[ \\t]*\\n)+)`,
      'gim',
    ),
    replace: ([, indent = '', quote, name = '', sign], mark) =>
      isSecretName(name) ? `${indent}${quote}${name}${quote}${sign}${indent}  ${mark}\n` : undefined,
  },
  {
    kind: 'named secret',
    // A line of an env file or of YAML: its whole rest.
    pattern: new RegExp(`^([ \\t]*(?:- |export )?)(${SECRET_NAME})([ \\t]*[=:][ \\t]*)(?![|>])([^\\n]+)$`, 'gim'),
    replace: ([, before, name = '', sign, value = ''], mark) => named(name, value, `${before}${name}${sign}${mark}`),
  },
  {
    kind: 'named secret',
    pattern: new RegExp(
      `(\\\\?["'])(${SECRET_NAME})\\1([ \\t]*[:=][ \\t]*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;}\\]]+)`,
      'gi',
    ),
    replace: ([, quote, name = '', sign, value = ''], mark) =>
      named(name, value, `${quote}${name}${quote}${sign}"${mark}"`),
  },
  {
    kind: 'named secret',
    // Opened before the name: "DB_PASSWORD=two words".
    pattern: new RegExp(`(["'])(${SECRET_NAME})(=)((?:(?!\\1)[^\\n])+)`, 'gi'),
    replace: ([, quote, name = '', sign, value = ''], mark) => named(name, value, `${quote}${name}${sign}${mark}`),
  },
  {
    kind: 'named secret',
    pattern: new RegExp(
      `(^|(?<![A-Za-z0-9_./-]))(${SECRET_NAME})(\\\\?["']?[ \\t]*[:=][ \\t]*)("(?:[^"\\\\]|\\\\.)*"|'[^']*'|[^\\s,;&"'}\\]]+)`,
      'gim',
    ),
    replace: ([, before, name = '', sign, value = ''], mark) => named(name, value, `${before}${name}${sign}${mark}`),
  },
  {
    kind: 'named secret',
    // An option with its value behind a space.
    pattern: new RegExp(`(^|\\s)(--?${SECRET_NAME})([ \\t]+)([^\\s-]\\S*)`, 'gim'),
    replace: ([, before, name = '', sign, value = ''], mark) => named(name, value, `${before}${name}${sign}${mark}`),
  },
];

function named(name: string, value: string, replaced: string): string | undefined {
  return isSecretName(name) && !isNoSecret(value, name) ? replaced : undefined;
}

/** Base64 of a private key in PEM, or of a JSON web token. Certificates are public and stay. */
function holdsSecret(text: string): boolean {
  const joined = text.replaceAll(/\\n|\s/g, '');
  return joined.startsWith('ZXlK') || IN_BASE64.some((part) => joined.includes(part));
}
