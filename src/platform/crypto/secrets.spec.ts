import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Config } from '../../config/config.js';
import { loadConfig } from '../../config/load-config.js';
import { createLogger } from '../log/log.js';
import { verifyPassword } from './password.js';
import { createSecretsFile } from './secrets-file.js';
import { resolveSecrets } from './secrets.js';

const STRONG = 'k7Qm2ZrV9xLw4TyB8nHs6JdF1pGc3EaU';
let folder: string;
let file: string;
let shown: string[];
let logged: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  file = join(folder, 'made', 'secrets.json');
  shown = [];
  logged = [];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function resolve(env: NodeJS.ProcessEnv = {}): Config {
  const config = loadConfig({ MCPGATEWAY_SECRETS_FILE: file, ...env }, { cwd: folder });
  const log = createLogger(config, { write: (line) => void logged.push(line) });
  return resolveSecrets(config, log, (text) => void shown.push(text));
}

const mode = (path: string): number => statSync(path).mode & 0o777;

it('makes keys and an admin password once and keeps them', async () => {
  const first = resolve();
  expect(mode(file)).toBe(0o600);
  expect(mode(dirname(file))).toBe(0o700);
  expect(readdirSync(dirname(file))).toEqual(['secrets.json']);
  expect(first.jwtSecretKey).toHaveLength(43);
  expect(first.authEncryptionSecret[0]).not.toBe(first.jwtSecretKey);
  const password = /password: (\S+)/.exec(shown[0] ?? '')?.[1] ?? '';
  expect(await verifyPassword(password, first.basicAuthPasswordHash)).toBe(true);
  expect(await verifyPassword(`${password}x`, first.basicAuthPasswordHash)).toBe(false);
  expect(readFileSync(file, 'utf8') + logged.join('')).not.toContain(password);
  expect(resolve()).toEqual(first);
  expect(shown).toHaveLength(1);
});

it('prefers what is configured and makes no file for nothing', () => {
  const config = resolve({
    JWT_SECRET_KEY: STRONG,
    AUTH_ENCRYPTION_SECRET: STRONG,
    BASIC_AUTH_PASSWORD: 'mine-alone',
  });
  expect(config).toMatchObject({ jwtSecretKey: STRONG, basicAuthPasswordHash: '' });
  expect(readdirSync(folder)).toEqual([]);
});

it('makes a password later, when the configured one was taken away', () => {
  const first = resolve({ BASIC_AUTH_PASSWORD: 'mine-alone' });
  expect(shown).toEqual([]);
  const second = resolve();
  expect(second.jwtSecretKey).toBe(first.jwtSecretKey);
  expect(shown).toHaveLength(1);
  expect(resolve().basicAuthPasswordHash).toBe(second.basicAuthPasswordHash);
  expect(mode(file)).toBe(0o600);
});

it('closes a file that others could read', () => {
  resolve();
  chmodSync(file, 0o644);
  resolve();
  expect(mode(file)).toBe(0o600);
});

it.each(['', 'no json', '{}', 'null', '{"jwtSecretKey":"short"}'])(
  'refuses the file %j',
  (text) => {
    resolve();
    writeFileSync(file, text);
    expect(() => resolve()).toThrow('MCPGATEWAY_SECRETS_FILE');
  },
);

it('lets one of two first starts win', () => {
  resolve();
  const before = readFileSync(file, 'utf8');
  const other = { jwtSecretKey: 'x', authEncryptionSecret: 'y', adminPasswordHash: '' };
  expect(createSecretsFile(file, other)).toBe(false);
  expect(readFileSync(file, 'utf8')).toBe(before);
});
