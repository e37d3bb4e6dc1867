import { randomBytes } from 'node:crypto';
import { ConfigError } from '../../config/config-error.js';
import type { Config } from '../../config/config.js';
import type { Log } from '../log/log.js';
import { hashPassword } from './password.js';
import { createSecretsFile, readSecretsFile, replaceSecretsFile } from './secrets-file.js';
import type { StoredSecrets } from './secrets-file.js';

/**
 * Fills in the secrets that are not configured from MCPGATEWAY_SECRETS_FILE, which is made on the
 * first start (SECURITY.md §1.4). A generated admin password is shown once, its hash kept.
 * @param show takes the one text with the generated password; stderr unless given
 * @throws ConfigError when the file is there but cannot be used, or cannot be made
 */
export function resolveSecrets(
  config: Config,
  log: Log,
  show: (text: string) => void = (text) => process.stderr.write(text),
): Config {
  const needsPassword = config.basicAuthPassword === '';
  const hasKeys = config.jwtSecretKey !== '' && config.authEncryptionSecret.length > 0;
  if (hasKeys && !needsPassword) return config;
  const stored = withFaultNamed(config, () => loadOrMake(config, log, show));
  return Object.freeze(
    Object.assign({}, config, {
      jwtSecretKey: config.jwtSecretKey || stored.jwtSecretKey,
      authEncryptionSecret:
        config.authEncryptionSecret.length > 0
          ? config.authEncryptionSecret
          : [stored.authEncryptionSecret],
      basicAuthPasswordHash: needsPassword ? stored.adminPasswordHash : '',
    }),
  );
}

function loadOrMake(config: Config, log: Log, show: (text: string) => void): StoredSecrets {
  const path = config.secretsFile;
  const needsPassword = config.basicAuthPassword === '';
  let stored = readSecretsFile(path);
  if (!stored) {
    const admin = needsPassword ? makePassword() : { plain: '', hash: '' };
    const made = {
      jwtSecretKey: makeKey(),
      authEncryptionSecret: makeKey(),
      adminPasswordHash: admin.hash,
    };
    if (createSecretsFile(path, made)) {
      log.info({ event: 'secrets.created', path });
      if (needsPassword) show(announcement(config, admin.plain));
      return made;
    }
    stored = readSecretsFile(path);
    if (!stored) throw new Error('it disappeared while being read');
  }
  if (!needsPassword || stored.adminPasswordHash !== '') return stored;
  const admin = makePassword();
  const added = { ...stored, adminPasswordHash: admin.hash };
  replaceSecretsFile(path, added);
  show(announcement(config, admin.plain));
  return added;
}

function makeKey(): string {
  return randomBytes(32).toString('base64url');
}

function makePassword(): { plain: string; hash: string } {
  const plain = randomBytes(18).toString('base64url');
  return { plain, hash: hashPassword(plain) };
}

function announcement(config: Config, plain: string): string {
  return (
    `\nFirst start. Admin user: ${config.basicAuthUser}  password: ${plain}\n` +
    'It is shown only this once. BASIC_AUTH_PASSWORD sets one of your own.\n\n'
  );
}

function withFaultNamed<T>(config: Config, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof SyntaxError ? 'not JSON' : (error as Error).message;
    throw new ConfigError([
      {
        name: 'MCPGATEWAY_SECRETS_FILE',
        problem: `names ${config.secretsFile}, which cannot be used (${reason})`,
        fix: 'make it readable and writable, restore it, or delete it and lose what is sealed with it',
      },
    ]);
  }
}
