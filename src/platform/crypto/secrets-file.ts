import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

/** What the gateway made up on its first start. */
export interface StoredSecrets {
  readonly jwtSecretKey: string;
  readonly authEncryptionSecret: string;
  /** '' when the admin password was configured. */
  readonly adminPasswordHash: string;
}

/**
 * The file as it is, `undefined` when there is none. A file that others can read is closed to them.
 * @throws Error when it cannot be read or is not ours
 */
export function readSecretsFile(path: string): StoredSecrets | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  return parse(text);
}

/**
 * Makes the file unless somebody else just did: it appears whole or not at all, so that processes
 * that start together agree on one key.
 * @returns false when it was there already
 */
export function createSecretsFile(path: string, secrets: StoredSecrets): boolean {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = writeDraft(path, secrets);
  try {
    publish(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(draft);
  }
}

export function replaceSecretsFile(path: string, secrets: StoredSecrets): void {
  renameSync(writeDraft(path, secrets), path);
}

/** Both ways fail with EEXIST; the second is for file systems without hard links. */
function publish(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw error;
    copyFileSync(draft, path, constants.COPYFILE_EXCL);
  }
}

function writeDraft(path: string, secrets: StoredSecrets): string {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${JSON.stringify(secrets, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
}

function parse(text: string): StoredSecrets {
  const found = JSON.parse(text) as Partial<Record<keyof StoredSecrets, unknown>> | null;
  const field = (name: keyof StoredSecrets, minLength: number): string => {
    const value = found?.[name];
    if (typeof value === 'string' && value.length >= minLength) return value;
    throw new Error(`${name} is missing`);
  };
  return {
    jwtSecretKey: field('jwtSecretKey', 32),
    authEncryptionSecret: field('authEncryptionSecret', 32),
    adminPasswordHash: field('adminPasswordHash', 0),
  };
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
