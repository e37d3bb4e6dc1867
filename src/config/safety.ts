import { isLoopbackHost } from './addresses.js';
import type { ConfigFault } from './config-error.js';
import type { Config } from './config.js';
import { isKnownSecret, weaknessOf } from './secret-strength.js';

/** What is unsafe: refusals stop the start, warnings are logged once. */
export interface Safety {
  readonly refused: readonly ConfigFault[];
  readonly warnings: readonly ConfigFault[];
}

const GENERATE = 'set it to 32 random bytes, for example of `openssl rand -base64 32`';

/**
 * Judges the combination of settings (SECURITY.md §1.4, OPERATIONS.md §6.1).
 * @param env read for switches of Node itself that would undo ours
 */
export function judgeSafety(config: Config, env: NodeJS.ProcessEnv): Safety {
  const refused: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const inProduction = config.environment === 'production';
  const isOpen = !isLoopbackHost(config.host);
  for (const fault of weakSecrets(config)) {
    (inProduction || isOpen || config.requireStrongSecrets ? refused : warnings).push(fault);
  }
  if (inProduction) refused.push(...missingSecrets(config));
  for (const fault of openDoors(config)) (inProduction ? refused : warnings).push(fault);
  if (isOpen && !inProduction) warnings.push(openBind(config));
  if (env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0') {
    refused.push({
      name: 'NODE_TLS_REJECT_UNAUTHORIZED',
      problem: 'turns off certificate checks of the whole process',
      fix: 'unset it; NODE_EXTRA_CA_CERTS adds a private authority',
    });
  }
  return { refused, warnings };
}

function weakSecrets(config: Config): ConfigFault[] {
  const faults: ConfigFault[] = [];
  const judge = (name: string, problem: string | undefined): void => {
    if (problem !== undefined) faults.push({ name, problem, fix: GENERATE });
  };
  if (config.jwtSecretKey !== '') judge('JWT_SECRET_KEY', weaknessOf(config.jwtSecretKey));
  for (const key of config.authEncryptionSecret) judge('AUTH_ENCRYPTION_SECRET', weaknessOf(key));
  const password = config.basicAuthPassword;
  if (password !== '' && (isKnownSecret(password) || password === config.basicAuthUser)) {
    const fix = 'set it to a password of your own, or leave it out to have one generated';
    faults.push({ name: 'BASIC_AUTH_PASSWORD', problem: 'is a well-known value', fix });
  }
  return faults;
}

function missingSecrets(config: Config): ConfigFault[] {
  const problem = 'is required with ENVIRONMENT=production';
  const faults: ConfigFault[] = [];
  if (config.jwtSecretKey === '') faults.push({ name: 'JWT_SECRET_KEY', problem, fix: GENERATE });
  if (config.authEncryptionSecret.length === 0) {
    faults.push({ name: 'AUTH_ENCRYPTION_SECRET', problem, fix: GENERATE });
  }
  return faults;
}

function openDoors(config: Config): ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (!config.authRequired && !isLoopbackHost(config.host)) {
    faults.push({
      name: 'AUTH_REQUIRED',
      problem: `is false while HOST ${config.host} is reachable from the network`,
      fix: 'set AUTH_REQUIRED=true or HOST=127.0.0.1',
    });
  }
  if (config.skipSslVerify) {
    faults.push({
      name: 'SKIP_SSL_VERIFY',
      problem: 'accepts any certificate',
      fix: 'set it to false; NODE_EXTRA_CA_CERTS adds a private authority',
    });
  }
  return faults;
}

function openBind(config: Config): ConfigFault {
  return {
    name: 'HOST',
    problem: `${config.host} opens the API, the MCP endpoints and the metrics to the network`,
    fix: 'set HOST=127.0.0.1, or put TLS in front and set ENVIRONMENT=production',
  };
}
