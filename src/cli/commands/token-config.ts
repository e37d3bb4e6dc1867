import type { Config } from '../../config/config.js';
import type { Io } from '../io.js';

/**
 * The settings that tokens depend on, with the key that signs them: the given one, else
 * `JWT_SECRET_KEY`, else the one of the secrets file, which the gateway will use too.
 */
export async function tokenConfig(io: Io, secret?: string): Promise<Config> {
  const { loadConfig } = await import('../../config/load-config.js');
  if (secret !== undefined) {
    // Signs for a gateway elsewhere: whether this machine could serve is not the question.
    const flags = { jwtSecretKey: secret, environment: 'development', host: '127.0.0.1' };
    return loadConfig(io.env, { cwd: io.cwd, flags });
  }
  const config = loadConfig(io.env, { cwd: io.cwd });
  if (config.jwtSecretKey !== '') return config;
  const { resolveSecrets } = await import('../../platform/crypto/secrets.js');
  const { createLogger } = await import('../../platform/log/log.js');
  const toStderr = {
    write: (line: string): void => {
      io.err(line);
    },
  };
  return resolveSecrets(config, createLogger(config, toStderr), io.err);
}
